using System.Text;

namespace TraceVault.Hosting;

/// <summary>
/// Decodes the value of <c>Connection</c> so that Kestrel keeps all of it. Where a value says keep-alive, close or upgrade beside other
/// names, Kestrel would replace it by that one word, and a header that such a name limits to this hop (RFC 9110 §7.6.1) would be forwarded.
/// https://github.com/dotnet/aspnetcore/blob/main/src/Servers/Kestrel/Core/src/Internal/Http/HttpHeaders.cs, ParseConnection
/// </summary>
/// <remarks>
/// Kestrel replaces only a value with exactly one of the three words. So keep-alive, which is the default of HTTP/1.1, is left out where it
/// is the only one of them, and added to each of the others, where it changes nothing: close is stronger.
/// </remarks>
internal sealed class ConnectionHeader : Encoding
{
    private const string KeepAlive = "keep-alive";

    public static readonly ConnectionHeader Instance = new();

    public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetCharCount(byte[] bytes, int index, int count) => Decode(bytes.AsSpan(index, count)).Length;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var text = Decode(bytes.AsSpan(byteIndex, byteCount));
        text.CopyTo(chars.AsSpan(charIndex));
        return text.Length;
    }

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount + KeepAlive.Length + 1;

    private static string Decode(ReadOnlySpan<byte> value)
    {
        if (Ascii.EqualsIgnoreCase(value, KeepAlive))
        {
            return ""; // the usual case
        }

        var names = Latin1.GetString(value).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(name => !name.Equals(KeepAlive, StringComparison.OrdinalIgnoreCase)).ToList();
        var isOfKestrel = names.Exists(name =>
            name.Equals("close", StringComparison.OrdinalIgnoreCase) || name.Equals("upgrade", StringComparison.OrdinalIgnoreCase));
        return string.Join(',', isOfKestrel ? names.Append(KeepAlive) : names);
    }
}
