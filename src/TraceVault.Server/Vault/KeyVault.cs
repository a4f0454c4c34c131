using System.Security.Cryptography;
using System.Text;

namespace TraceVault.Vault;

/// <summary>Seals provider keys, each to its owner.</summary>
/// <remarks>
/// <para>The form is that of <see cref="SealedBytes"/> over the key in ASCII, with the id of the master key stored beside it.</para>
/// <para>AES key: HKDF-SHA-256(master key, no salt, info "tracevault/provider-key/v1"), 32 bytes.</para>
/// <para>Associated data, UTF-8: "user_anthropic_keys" 0x00 master key id 0x00 user id 0x00 provider.</para>
/// </remarks>
internal sealed class KeyVault(KeyRing ring)
{
    private const int MaxAssociatedSize = 256;

    /// <summary>The cipher under each master key; one a thread, because OpenSSL's context behind it is not safe to share; it goes with its thread.</summary>
    private readonly Dictionary<string, ThreadLocal<AesGcm>> _ciphers = ring.Keys.ToDictionary(key => key.Id, CipherUnder, StringComparer.Ordinal);

    public SealedKey Seal(ProviderKey key, KeyOwner owner)
    {
        var plain = Encoding.ASCII.GetBytes(key.Reveal());
        try
        {
            Span<byte> associated = stackalloc byte[MaxAssociatedSize];
            return new SealedKey(SealedBytes.Seal(_ciphers[ring.Sealing.Id].Value!, plain, Associated(associated, ring.Sealing.Id, owner)), ring.Sealing.Id);
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
        var length = bytes.Length - SealedBytes.HeadSize;
        if (length is < 1 or > ProviderKey.MaxLength || !_ciphers.TryGetValue(key.KeyId, out var cipher))
        {
            throw new CryptographicException("The stored key is malformed or sealed under an unknown master key.");
        }

        Span<byte> plain = stackalloc byte[ProviderKey.MaxLength];
        plain = plain[..length];
        Span<byte> associated = stackalloc byte[MaxAssociatedSize];
        SealedBytes.Open(cipher.Value!, bytes, plain, Associated(associated, key.KeyId, owner));
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

    private static ThreadLocal<AesGcm> CipherUnder(RingKey key) => new(() => SealedBytes.CipherUnder(key, "tracevault/provider-key/v1"));

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
