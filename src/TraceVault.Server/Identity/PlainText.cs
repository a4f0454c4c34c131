using System.Globalization;

namespace TraceVault.Identity;

/// <summary>Decides whether a name can be shown within other text without being mistaken for something else.</summary>
internal static class PlainText
{
    /// <summary>The format characters that Persian, Indic scripts and emoji need.</summary>
    private const char ZeroWidthNonJoiner = '\u200c', ZeroWidthJoiner = '\u200d';

    /// <summary>
    /// False for control characters, line and paragraph separators, halves of surrogate pairs, and characters that are invisible or change
    /// the direction of writing (Unicode TR 36 §2.5).
    /// </summary>
    public static bool Is(string text)
    {
        for (var i = 0; i < text.Length; i += char.IsSurrogatePair(text, i) ? 2 : 1)
        {
            if (CharUnicodeInfo.GetUnicodeCategory(text, i) is UnicodeCategory.Control or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.Format
                && text[i] is not (ZeroWidthJoiner or ZeroWidthNonJoiner))
            {
                return false;
            }
        }

        return true;
    }
}
