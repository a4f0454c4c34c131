using System.Globalization;
using System.Text;

namespace TraceVault.Cli;

/// <summary>Text for people.</summary>
internal static class Text
{
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>A text that anybody may have written, as one line that is safe to print.</summary>
    public static string Printable(string text) => Escape(text.ReplaceLineEndings(" ").Replace('\t', ' '));

    /// <summary>
    /// Spells out, as JSON does (<c>\u001b</c>), what is not text: a terminal would obey it, write from right to left or show nothing. Line
    /// feeds stay.
    /// </summary>
    public static string Escape(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsHidden(rune))
            {
                foreach (var unit in rune.ToString())
                {
                    shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
                }
            }
            else
            {
                shown.Append(rune.ToString());
            }
        }

        return shown.ToString();
    }

    /// <summary>
    /// Control characters (C1 too, which some terminals obey), line and paragraph separators, and format characters: those of bidirectional
    /// text, the zero-width ones, tags.
    /// </summary>
    private static bool IsHidden(Rune rune) => rune.Value != '\n' && Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
