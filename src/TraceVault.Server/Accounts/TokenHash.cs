using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace TraceVault.Accounts;

/// <summary>The SHA-256 of a token, by which it is stored and looked up. The token cannot be recovered from it.</summary>
internal readonly record struct TokenHash
{
    private readonly UInt128 _high, _low;

    private TokenHash(ReadOnlySpan<byte> sha256) =>
        (_high, _low) = (MemoryMarshal.Read<UInt128>(sha256), MemoryMarshal.Read<UInt128>(sha256[16..]));

    /// <param name="token">ASCII, at most 64 characters.</param>
    public static TokenHash Of(ReadOnlySpan<char> token)
    {
        Span<byte> bytes = stackalloc byte[64];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.ASCII.GetBytes(token, bytes)], hash);
        return new TokenHash(hash);
    }

    /// <summary>The 32 bytes as the database holds them.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[SHA256.HashSizeInBytes];
        MemoryMarshal.Write(bytes, _high);
        MemoryMarshal.Write(bytes.AsSpan(16), _low);
        return bytes;
    }

    /// <summary>The bytes of a SHA-256 are already evenly spread.</summary>
    public override int GetHashCode() => (int)(ulong)_low;

    public override string ToString() => "[token hash]";
}
