using System.Buffers;
using System.Globalization;
using System.Text;

namespace TraceVault.Capture.Reading;

/// <summary>
/// Reads short strings out of JSON. What comes out is shown later, so it is cut to a length and holds nothing that can't be seen.
/// </summary>
internal static class JsonText
{
    /// <summary>An escape takes up to this many bytes for one of text.</summary>
    private const int MaxEscape = 6;

    /// <summary>No name that is asked for is longer, in bytes.</summary>
    private const int MaxName = 64;

    /// <param name="value">A value as it stands.</param>
    /// <param name="maxLength">In characters; what is longer is cut.</param>
    /// <returns>Null when it is no string, or nothing of it can be seen.</returns>
    public static string? Read(ReadOnlySpan<byte> value, int maxLength)
    {
        if (!IsString(value))
        {
            return null;
        }

        // More bytes can't be needed, unless much of it is invisible: then it is no word of anybody's.
        var raw = value[1..^1];
        raw = raw[..Math.Min(raw.Length, maxLength * MaxEscape)];
        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length);
        var text = Encoding.UTF8.GetString(buffer.AsSpan(0, Unescape(raw, buffer)));
        ArrayPool<byte>.Shared.Return(buffer);
        return Clean(text, maxLength);
    }

    public static bool IsString(ReadOnlySpan<byte> value) => value.Length >= 2 && value[0] == '"';

    /// <summary>Whether a name, escapes included, is the one that is asked for.</summary>
    public static bool Is(this ReadOnlySpan<byte> name, ReadOnlySpan<byte> wanted)
    {
        if (name.Length == wanted.Length)
        {
            return name.SequenceEqual(wanted);
        }

        if (name.Length < wanted.Length || name.Length > MaxName * MaxEscape || !name.Contains((byte)'\\'))
        {
            return false;
        }

        Span<byte> plain = stackalloc byte[MaxName * MaxEscape];
        return plain[..Unescape(name, plain)].SequenceEqual(wanted);
    }

    /// <param name="raw">What stands between the quotes.</param>
    /// <param name="target">At least as long as <paramref name="raw"/>: text is never longer than its escapes.</param>
    /// <returns>The length of the text, in bytes. What is no escape stays as it is.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> target)
    {
        var written = 0;
        while (raw.IndexOf((byte)'\\') is var plain and >= 0 && plain + 1 < raw.Length)
        {
            raw[..plain].CopyTo(target[written..]);
            written += plain;
            raw = raw[plain..];
            var rune = Escaped(raw, out var length);
            written += rune.EncodeToUtf8(target[written..]);
            raw = raw[length..];
        }

        raw.CopyTo(target[written..]);
        return written + raw.Length;
    }

    private static Rune Escaped(ReadOnlySpan<byte> raw, out int length)
    {
        length = 2;
        if (raw[1] != 'u')
        {
            return new Rune((char)(raw[1] switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'t' => (byte)'\t',
                (byte)'r' => (byte)'\r',
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                < 0x80 and var itself => itself,
                _ => (byte)'?',
            }));
        }

        if (!TryUnit(raw, out var unit))
        {
            return new Rune('u');
        }

        length = MaxEscape;
        if (char.IsHighSurrogate(unit) && TryUnit(raw[MaxEscape..], out var low) && char.IsLowSurrogate(low))
        {
            length = 2 * MaxEscape;
            return new Rune(unit, low);
        }

        return Rune.TryCreate(unit, out var rune) ? rune : Rune.ReplacementChar;
    }

    private static bool TryUnit(ReadOnlySpan<byte> raw, out char unit)
    {
        unit = default;
        if (raw.Length < MaxEscape || raw[0] != '\\' || raw[1] != 'u'
            || !ushort.TryParse(raw[2..MaxEscape], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        unit = (char)value;
        return true;
    }

    private static string? Clean(string text, int maxLength)
    {
        var clean = new StringBuilder(Math.Min(text.Length, maxLength));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > maxLength)
            {
                break;
            }

            // Format characters turn the direction of what stands around them.
            if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
            {
                clean.Append(rune.ToString());
            }
        }

        return clean.Length == 0 ? null : clean.ToString();
    }
}
