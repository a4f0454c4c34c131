using System.Buffers.Text;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace TraceVault.Accounts;

internal enum TokenKind
{
    /// <summary>Of a sign-in: good for everything its user may do; slides.</summary>
    Session,

    /// <summary>Made by its user for a program: good for the proxy alone.</summary>
    Proxy,
}

/// <summary>A token that somebody shows, by kind and hash: enough to look it up.</summary>
internal readonly record struct PresentedToken(TokenKind Kind, TokenHash Hash);

/// <summary>A token in clear, as a client holds it. It never prints, and only its <see cref="TokenHash"/> is stored.</summary>
/// <remarks>
/// Form: a prefix that says what it is (<c>tvs_</c>, a session; <c>tvp_</c>, a proxy token), 32 random bytes in base64url (43 characters), and the CRC-32 of all
/// before it in base 62 (6 characters, most significant first). The checksum lets a mistyped token be refused, and a leaked one be found
/// by secret scanners, without asking the database.
/// </remarks>
[DebuggerDisplay("[token]")]
internal sealed class AccessToken
{
    public const string SessionPrefix = "tvs_", ProxyPrefix = "tvp_";

    private const int RandomBytes = 32, RandomLength = 43, ChecksumLength = 6, PrefixLength = 4;
    private const int Length = PrefixLength + RandomLength + ChecksumLength;
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly string _value;

    private AccessToken(string value) => _value = value;

    public static AccessToken Create(TokenKind kind)
    {
        Span<byte> random = stackalloc byte[RandomBytes];
        RandomNumberGenerator.Fill(random);
        var body = (kind is TokenKind.Session ? SessionPrefix : ProxyPrefix) + Base64Url.EncodeToString(random);
        Span<char> checksum = stackalloc char[ChecksumLength];
        WriteChecksum(body, checksum);
        return new AccessToken(string.Concat(body, checksum));
    }

    /// <summary>Reads a token whose form and checksum are right; says nothing about whether it is known.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out PresentedToken token)
    {
        token = default;
        var isSession = text.StartsWith(SessionPrefix, StringComparison.Ordinal);
        if (text.Length != Length || (!isSession && !text.StartsWith(ProxyPrefix, StringComparison.Ordinal)) || !Ascii.IsValid(text))
        {
            return false;
        }

        Span<char> checksum = stackalloc char[ChecksumLength];
        WriteChecksum(text[..^ChecksumLength], checksum);
        if (!checksum.SequenceEqual(text[^ChecksumLength..]))
        {
            return false;
        }

        token = new PresentedToken(isSession ? TokenKind.Session : TokenKind.Proxy, TokenHash.Of(text));
        return true;
    }

    public TokenHash Hash() => TokenHash.Of(_value);

    /// <summary>The secret itself. Named so that every use shows up in a search.</summary>
    public string Reveal() => _value;

    [SuppressMessage("Design", "CA1024", Justification = "Not a property: a debugger would show it.")]
    public override string ToString() => "[token]";

    private static void WriteChecksum(ReadOnlySpan<char> body, Span<char> checksum)
    {
        Span<byte> bytes = stackalloc byte[Length];
        var crc = Crc32.HashToUInt32(bytes[..Encoding.ASCII.GetBytes(body, bytes)]);
        for (var i = ChecksumLength - 1; i >= 0; i--, crc /= 62)
        {
            checksum[i] = Base62[(int)(crc % 62)];
        }
    }
}
