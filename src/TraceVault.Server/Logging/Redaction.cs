using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace TraceVault.Logging;

/// <summary>Cuts off what looks like a secret: somebody may have put one into a path or a name by mistake.</summary>
internal static class Redaction
{
    private static readonly SearchValues<string> SecretPrefixes = SearchValues.Create(
        ["tvs_", "tvp_", "tvr_", "tvd_", "tvl_", "sk-ant-"], StringComparison.OrdinalIgnoreCase);

    private const string Mark = "[redacted]";

    private const int MostLayers = 4;

    /// <returns>The text up to the first secret in it.</returns>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Of(string? text) =>
        text.AsSpan().IndexOfAny(SecretPrefixes) is >= 0 and var secret ? text![..secret] + Mark : text;

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
            if (text.AsSpan().IndexOfAny(SecretPrefixes) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
