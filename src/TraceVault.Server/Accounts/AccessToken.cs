using System.Buffers.Text;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace TraceVault.Accounts;

internal enum TokenKind
{
    /// <summary>The token of a sign-in: good for everything its user may do; each use extends its life.</summary>
    Session,

    /// <summary>Created by its user for a program: good only for the proxy.</summary>
    Proxy,

    /// <summary>The token that refreshes a device sign-in: good once, for new tokens of the same session.</summary>
    Refresh,

    /// <summary>The token of a device that waits for approval: good for asking whether it was approved.</summary>
    Device,

    /// <summary>The token in a link that lets somebody join or choose a new password: it opens only that page.</summary>
    Link,
}

/// <summary>The kind and hash of a token that somebody sends: enough to look it up.</summary>
internal readonly record struct PresentedToken(TokenKind Kind, TokenHash Hash);

/// <summary>A token in clear, as a client holds it. It is never printed, and only its <see cref="TokenHash"/> is stored.</summary>
/// <remarks>
/// It consists of a prefix that names its kind (<c>tvs_</c>, a session; <c>tvp_</c>, a proxy token; <c>tvr_</c>, a refresh token;
/// <c>tvd_</c>, a device code; <c>tvl_</c>, a link), 32 random bytes in base64url (43 characters), and the CRC-32 of all that in base 62
/// (6 characters, most significant first). With the checksum a mistyped token is refused, and secret scanners find a leaked one, without
/// asking the database.
/// </remarks>
[DebuggerDisplay("[token]")]
internal sealed class AccessToken
{
    public const string SessionPrefix = "tvs_", ProxyPrefix = "tvp_", RefreshPrefix = "tvr_", DevicePrefix = "tvd_", LinkPrefix = "tvl_";

    /// <summary>How many bytes of a token are secret.</summary>
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

    /// <param name="kind">What the token will be good for.</param>
    /// <param name="random"><see cref="RandomBytes"/> that nobody can guess.</param>
    public static AccessToken Of(TokenKind kind, ReadOnlySpan<byte> random)
    {
        var body = Prefix(kind) + Base64Url.EncodeToString(random);
        Span<char> checksum = stackalloc char[ChecksumLength];
        WriteChecksum(body, checksum);
        return new AccessToken(string.Concat(body, checksum));
    }

    /// <summary>Reads a token whose form and checksum are right. It may still be unknown.</summary>
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

    /// <summary>The secret itself. The name makes every use easy to search for.</summary>
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
