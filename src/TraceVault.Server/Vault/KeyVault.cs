using System.Security.Cryptography;
using System.Text;

namespace TraceVault.Vault;

/// <summary>Seals provider keys with AES-256-GCM under a key derived (HKDF-SHA-256) from one key of the ring.</summary>
/// <remarks>
/// <para>Sealed form, with the id of the master key stored beside it:</para>
/// <code>
/// offset  length  content
///      0       1  version, 0x01
///      1      12  nonce, random (NIST SP 800-38D §8.2.2: safe below 2³² seals per key)
///     13      16  tag
///     29       n  ciphertext of the key, n its length in ASCII
/// </code>
/// <para>AES key: HKDF-SHA-256(master key, no salt, info "tracevault/provider-key/v1"), 32 bytes.</para>
/// <para>Associated data, UTF-8: "user_anthropic_keys" 0x00 master key id 0x00 user id 0x00 provider.</para>
/// </remarks>
internal sealed class KeyVault(KeyRing ring)
{
    private const byte Version = 1;
    private const int NonceSize = 12, TagSize = 16, HeadSize = 1 + NonceSize + TagSize;
    private const int MaxAssociatedSize = 256;

    /// <summary>The cipher under each master key; one a thread, because OpenSSL's context behind it is not safe to share; it goes with its thread.</summary>
    private readonly Dictionary<string, ThreadLocal<AesGcm>> _ciphers = ring.Keys.ToDictionary(key => key.Id, CipherUnder, StringComparer.Ordinal);

    public SealedKey Seal(ProviderKey key, KeyOwner owner)
    {
        var plain = Encoding.ASCII.GetBytes(key.Reveal());
        try
        {
            var result = new byte[HeadSize + plain.Length];
            result[0] = Version;
            var nonce = result.AsSpan(1, NonceSize);
            RandomNumberGenerator.Fill(nonce);
            Span<byte> associated = stackalloc byte[MaxAssociatedSize];
            _ciphers[ring.Sealing.Id].Value!.Encrypt(nonce, plain, result.AsSpan(HeadSize), result.AsSpan(1 + NonceSize, TagSize), Associated(associated, ring.Sealing.Id, owner));
            return new SealedKey(result, ring.Sealing.Id);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <exception cref="CryptographicException">The seal was tampered with, moved from another owner, or made under a key that is not on the ring.</exception>
    public ProviderKey Open(SealedKey key, KeyOwner owner)
    {
        var bytes = key.Sealed;
        var length = bytes.Length - HeadSize;
        if (length is < 1 or > ProviderKey.MaxLength || bytes[0] != Version || !_ciphers.TryGetValue(key.KeyId, out var cipher))
        {
            throw new CryptographicException("The stored key is malformed or sealed under an unknown master key.");
        }

        Span<byte> plain = stackalloc byte[ProviderKey.MaxLength];
        plain = plain[..length];
        Span<byte> associated = stackalloc byte[MaxAssociatedSize];
        cipher.Value!.Decrypt(bytes.AsSpan(1, NonceSize), bytes.AsSpan(HeadSize), bytes.AsSpan(1 + NonceSize, TagSize), plain, Associated(associated, key.KeyId, owner));
        var opened = ProviderKey.FromVault(Encoding.ASCII.GetString(plain));
        CryptographicOperations.ZeroMemory(plain);
        return opened;
    }

    public bool CanOpen(SealedKey key, KeyOwner owner)
    {
        try
        {
            Open(key, owner);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static ThreadLocal<AesGcm> CipherUnder(RingKey key) => new(() =>
    {
        Span<byte> derived = stackalloc byte[32];
        key.Derive("tracevault/provider-key/v1", derived);
        var cipher = new AesGcm(derived, TagSize);
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    });

    private static ReadOnlySpan<byte> Associated(Span<byte> buffer, string keyId, KeyOwner owner)
    {
        var length = Encoding.UTF8.GetBytes("user_anthropic_keys", buffer);
        foreach (var part in (ReadOnlySpan<string>)[keyId, owner.UserId, owner.Provider])
        {
            buffer[length++] = 0;
            length += Encoding.UTF8.GetBytes(part, buffer[length..]);
        }

        return buffer[..length];
    }
}
