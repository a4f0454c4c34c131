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

    /// <summary>Of a device sign-in: good for new tokens of the same session, once.</summary>
    Refresh,

    /// <summary>Of a device that waits to be approved: good for asking whether it was.</summary>
    Device,

    /// <summary>In a link that somebody is sent, to join or to choose a new password: opens that one page.</summary>
    Link,
}

/// <summary>A token that somebody shows, by kind and hash: enough to look it up.</summary>
internal readonly record struct PresentedToken(TokenKind Kind, TokenHash Hash);

/// <summary>A token in clear, as a client holds it. It never prints, and only its <see cref="TokenHash"/> is stored.</summary>
/// <remarks>
/// Form: a prefix that says what it is (<c>tvs_</c>, a session; <c>tvp_</c>, a proxy token; <c>tvr_</c>, a refresh token; <c>tvd_</c>, a device code; <c>tvl_</c>, a link), 32 random bytes in base64url (43 characters), and the CRC-32 of all
/// before it in base 62 (6 characters, most significant first). The checksum lets a mistyped token be refused, and a leaked one be found
/// by secret scanners, without asking the database.
/// </remarks>
[DebuggerDisplay("[token]")]
internal sealed class AccessToken
{
    public const string SessionPrefix = "tvs_", ProxyPrefix = "tvp_", RefreshPrefix = "tvr_", DevicePrefix = "tvd_", LinkPrefix = "tvl_";

    /// <summary>How much of a token is secret.</summary>
    public const int RandomBytes = 32;

    private const int RandomLength = 43, ChecksumLength = 6, PrefixLength = 4;
    private const int Length = PrefixLength + RandomLength + ChecksumLength;
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly string _value;

    private AccessToken(string value) => _value = value;

    public static AccessToken Create(TokenKind kind)
    {
        Span<byte> random = stackalloc byte[RandomBytes];
        RandomNumberGenerator.Fill(random);
        return Of(kind, random);
    }

    /// <param name="kind">What it will be good for.</param>
    /// <param name="random"><see cref="RandomBytes"/> that nobody can guess.</param>
    public static AccessToken Of(TokenKind kind, ReadOnlySpan<byte> random)
    {
        var body = Prefix(kind) + Base64Url.EncodeToString(random);
        Span<char> checksum = stackalloc char[ChecksumLength];
        WriteChecksum(body, checksum);
        return new AccessToken(string.Concat(body, checksum));
    }

    /// <summary>Reads a token whose form and checksum are right; says nothing about whether it is known.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out PresentedToken token)
    {
        token = default;
        if (text.Length != Length || KindOf(text[..PrefixLength]) is not { } kind || !Ascii.IsValid(text))
        {
            return false;
        }

        Span<char> checksum = stackalloc char[ChecksumLength];
        WriteChecksum(text[..^ChecksumLength], checksum);
        if (!checksum.SequenceEqual(text[^ChecksumLength..]))
        {
            return false;
        }

        token = new PresentedToken(kind, TokenHash.Of(text));
        return true;
    }

    public TokenHash Hash() => TokenHash.Of(_value);

    /// <summary>The secret itself. Named so that every use shows up in a search.</summary>
    public string Reveal() => _value;

    [SuppressMessage("Design", "CA1024", Justification = "Not a property: a debugger would show it.")]
    public override string ToString() => "[token]";

    private static string Prefix(TokenKind kind) => kind switch
    {
        TokenKind.Session => SessionPrefix,
        TokenKind.Proxy => ProxyPrefix,
        TokenKind.Refresh => RefreshPrefix,
        TokenKind.Device => DevicePrefix,
        _ => LinkPrefix,
    };

    private static TokenKind? KindOf(ReadOnlySpan<char> prefix) => prefix switch
    {
        SessionPrefix => TokenKind.Session,
        ProxyPrefix => TokenKind.Proxy,
        RefreshPrefix => TokenKind.Refresh,
        DevicePrefix => TokenKind.Device,
        LinkPrefix => TokenKind.Link,
        _ => null,
    };

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
