using System.Security.Cryptography;

namespace TraceVault.Vault;

/// <summary>The only form in which anything is sealed: AES-256-GCM under a key that is derived from a master key for one purpose.</summary>
/// <remarks>
/// <code>
/// offset  length  content
///      0       1  version, 0x01
///      1      12  nonce, random (NIST SP 800-38D §8.2.2: safe below 2³² seals per key)
///     13      16  tag
///     29       n  ciphertext, as long as the plain text
/// </code>
/// </remarks>
internal static class SealedBytes
{
    public const int HeadSize = 1 + NonceSize + TagSize;

    private const byte Version = 1;
    private const int NonceSize = 12, TagSize = 16;

    /// <param name="key">A key of the ring.</param>
    /// <param name="purpose">The info of HKDF-SHA-256, see <see cref="RingKey.Derive"/>.</param>
    /// <param name="salt">The salt of HKDF-SHA-256; empty where a purpose has a single key.</param>
    public static AesGcm CipherUnder(RingKey key, string purpose, ReadOnlySpan<byte> salt = default)
    {
        Span<byte> derived = stackalloc byte[32];
        key.Derive(purpose, derived, salt);
        var cipher = new AesGcm(derived, TagSize);
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }

    public static byte[] Seal(AesGcm cipher, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> associated)
    {
        var result = new byte[HeadSize + plain.Length];
        result[0] = Version;
        var nonce = result.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        cipher.Encrypt(nonce, plain, result.AsSpan(HeadSize), result.AsSpan(1 + NonceSize, TagSize), associated);
        return result;
    }

    /// <param name="cipher">A cipher under the key that sealed the bytes.</param>
    /// <param name="bytes">The sealed form.</param>
    /// <param name="plain">Receives the plain text, and has its length.</param>
    /// <param name="associated">The associated data with which the bytes were sealed.</param>
    /// <exception cref="CryptographicException">The bytes are malformed, tampered with, or sealed for something else.</exception>
    public static void Open(AesGcm cipher, ReadOnlySpan<byte> bytes, Span<byte> plain, ReadOnlySpan<byte> associated)
    {
        if (bytes.Length != HeadSize + plain.Length || bytes[0] != Version)
        {
            throw new CryptographicException("The sealed data is malformed.");
        }

        cipher.Decrypt(bytes.Slice(1, NonceSize), bytes[HeadSize..], bytes.Slice(1 + NonceSize, TagSize), plain, associated);
    }

    /// <summary>As <see cref="Open"/>, for callers that expect the wrong key now and then.</summary>
    public static bool TryOpen(AesGcm cipher, ReadOnlySpan<byte> bytes, Span<byte> plain, ReadOnlySpan<byte> associated)
    {
        try
        {
            Open(cipher, bytes, plain, associated);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
