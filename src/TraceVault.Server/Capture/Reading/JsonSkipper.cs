using System.Buffers;

namespace TraceVault.Capture.Reading;

/// <summary>
/// Finds where a JSON value ends without reading it. It counts brackets outside strings and checks nothing else: what is not JSON ends
/// somewhere, or not at all. It needs no stack, so that depth costs nothing.
/// </summary>
internal static class JsonSkipper
{
    /// <summary>There is no end: the text was cut, or is no JSON.</summary>
    public const int NoEnd = -1;

    private static readonly SearchValues<byte> BehindScalar = SearchValues.Create(",]} \t\r\n"u8);

    /// <param name="at">The first byte of the value.</param>
    /// <returns>
    /// The place behind the value, or <see cref="NoEnd"/>. A number or a word at the very end of the text has none: more of it may follow.
    /// </returns>
    public static int EndOfValue(ReadOnlySpan<byte> text, int at) => (uint)at >= (uint)text.Length ? NoEnd : text[at] switch
    {
        (byte)'"' => EndOfString(text, at),
        (byte)'{' or (byte)'[' => JsonNest.End(text, at),
        _ => text[at..].IndexOfAny(BehindScalar) is var length and > 0 ? at + length : NoEnd,
    };

    /// <param name="at">The opening quote.</param>
    public static int EndOfString(ReadOnlySpan<byte> text, int at)
    {
        at++;
        while (true)
        {
            var found = text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (found < 0)
            {
                return NoEnd;
            }

            at += found;
            if (text[at] == '"')
            {
                return at + 1;
            }

            at += 2; // the character behind a backslash ends nothing
            if (at > text.Length)
            {
                return NoEnd;
            }
        }
    }
}
