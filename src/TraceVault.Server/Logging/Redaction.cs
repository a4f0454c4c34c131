using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace TraceVault.Logging;

/// <summary>Cuts off what looks like a secret: somebody may have put one into a path or a name by mistake.</summary>
internal static class Redaction
{
    /// <summary>How our own tokens begin, and how the keys of most providers do.</summary>
    private static readonly SearchValues<string> Beginnings = SearchValues.Create(
        ["tvs_", "tvp_", "tvr_", "tvd_", "tvl_", KeyBeginning], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<char> OfKeys =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private const string KeyBeginning = "sk-", Mark = "[redacted]";

    /// <summary>
    /// How many characters of a key have to follow: fewer give no key away. Within a word it takes more than a UUID has, because
    /// "task-" and a UUID are no key.
    /// </summary>
    private const int LeastOfKey = 8, LeastWithinWord = 37;

    private const int MostLayers = 4;

    /// <returns>The text up to the first secret in it.</returns>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Of(string? text) =>
        IndexOfSecret(text) is >= 0 and var secret ? text![..secret] + Mark : text;

    /// <summary>
    /// Makes a stranger's text into one word of a log line: without what looks like a secret, escaped or not, in printable ASCII, and of
    /// bounded length.
    /// </summary>
    /// <param name="most">How many characters are kept.</param>
    public static string Word(string text, int most)
    {
        var word = HidesSecret(text) ? Mark : Of(text);
        if (word.Length > most)
        {
            word = word[..most] + "...";
        }

        return !word.AsSpan().ContainsAnyExceptInRange('!', '~') ? word
            : string.Create(word.Length, word, static (to, from) =>
            {
                for (var i = 0; i < to.Length; i++)
                {
                    to[i] = from[i] is >= '!' and <= '~' ? from[i] : '?';
                }
            });
    }

    /// <summary>Whether percent-decoding, once or several times, reveals a secret.</summary>
    private static bool HidesSecret(string text)
    {
        for (var layers = 0; layers < MostLayers && text.Contains('%', StringComparison.Ordinal); layers++)
        {
            text = Uri.UnescapeDataString(text);
            if (IndexOfSecret(text) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static int IndexOfSecret(ReadOnlySpan<char> text)
    {
        for (var from = 0; text[from..].IndexOfAny(Beginnings) is >= 0 and var index; from += index + 1)
        {
            if (text[from + index] is 't' or 'T' || IsKey(text, from + index))
            {
                return from + index;
            }
        }

        return -1;
    }

    private static bool IsKey(ReadOnlySpan<char> text, int at)
    {
        var rest = text[(at + KeyBeginning.Length)..];
        var end = rest.IndexOfAnyExcept(OfKeys);
        // An escape such as %2F ends a word, although it ends in a letter itself.
        var isWithinWord = at > 0 && char.IsAsciiLetterOrDigit(text[at - 1]) && !(at > 2 && text[at - 3] == '%');
        return (end < 0 ? rest.Length : end) >= (isWithinWord ? LeastWithinWord : LeastOfKey);
    }
}
