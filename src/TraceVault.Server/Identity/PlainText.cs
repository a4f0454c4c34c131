using System.Globalization;

namespace TraceVault.Identity;

/// <summary>Whether a name can be shown among other text without passing for something else.</summary>
internal static class PlainText
{
    /// <summary>Joins letters of Persian and of Indic scripts, and emoji.</summary>
    private const char ZeroWidthNonJoiner = '\u200c', ZeroWidthJoiner = '\u200d';

    /// <summary>False for control characters, line and paragraph separators, halves of surrogate pairs, and what is invisible or turns the direction of writing (Unicode TR 36 §2.5).</summary>
    public static bool Is(string text)
    {
        for (var i = 0; i < text.Length; i += char.IsSurrogatePair(text, i) ? 2 : 1)
        {
            if (CharUnicodeInfo.GetUnicodeCategory(text, i) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
                or UnicodeCategory.Format && text[i] is not (ZeroWidthJoiner or ZeroWidthNonJoiner))
            {
                return false;
            }
        }

        return true;
    }
}
