using System.Security.Cryptography;
using System.Text;
using TraceVault.Vault;

namespace TraceVault.Keys;

/// <summary>Seals provider keys, and binds each seal to the key's owner, provider and row.</summary>
/// <remarks>
/// <para>The form is that of <see cref="SealedBytes"/> over the key in ASCII, with the id of the master key stored beside it.</para>
/// <para>AES key: HKDF-SHA-256(master key, no salt, info "tracevault/provider-key/v1"), 32 bytes.</para>
/// <para>
/// Associated data, UTF-8, binding 2: "tracevault/provider-key" 0x00 master key id 0x00 owner kind 0x00 owner id 0x00 provider 0x00 row id.
/// Binding 1, of version 0.1.0: "user_anthropic_keys" 0x00 master key id 0x00 user id 0x00 provider. Such a seal still opens, and is
/// replaced at the next start.
/// </para>
/// </remarks>
internal sealed class KeyVault(KeyRing ring)
{
    /// <summary>The binding of new seals, and that of the seals of version 0.1.0.</summary>
    public const long Binding = 2, FirstBinding = 1;

    private const int MaxAssociatedSize = 512;

    /// <summary>
    /// The cipher of each master key. There is one for each thread, because OpenSSL's context behind it is not safe to share; it is
    /// released with its thread.
    /// </summary>
    private readonly Dictionary<string, ThreadLocal<AesGcm>> _ciphers =
        ring.Keys.ToDictionary(key => key.Id, CipherUnder, StringComparer.Ordinal);

    /// <param name="key">In clear.</param>
    /// <param name="id">The id of the key's row.</param>
    /// <param name="owner">Whose key it is.</param>
    /// <param name="provider">Which provider it is for.</param>
    public SealedKey Seal(ProviderKey key, string id, KeyOwner owner, string provider)
    {
        var plain = Encoding.ASCII.GetBytes(key.Reveal());
        try
        {
            var unsealed = new SealedKey(id, owner, provider, [], ring.Sealing.Id, Binding);
            Span<byte> associated = stackalloc byte[MaxAssociatedSize];
            return unsealed with { Sealed = SealedBytes.Seal(_ciphers[ring.Sealing.Id].Value!, plain, Associated(associated, unsealed)) };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <exception cref="CryptographicException">
    /// The seal was tampered with, moved from another owner, provider or row, or made under a key that is not on the ring.
    /// </exception>
    public ProviderKey Open(SealedKey key)
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
        SealedBytes.Open(cipher.Value!, bytes, plain, Associated(associated, key));
        var opened = ProviderKey.FromVault(Encoding.ASCII.GetString(plain));
        CryptographicOperations.ZeroMemory(plain);
        return opened;
    }

    public bool CanOpen(SealedKey key)
    {
        try
        {
            Open(key);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static ThreadLocal<AesGcm> CipherUnder(RingKey key) => new(() => SealedBytes.CipherUnder(key, "tracevault/provider-key/v1"));

    private static ReadOnlySpan<byte> Associated(Span<byte> buffer, SealedKey key)
    {
        ReadOnlySpan<string> parts = key.Binding == FirstBinding
            ? ["user_anthropic_keys", key.KeyId, key.Owner.Id, key.Provider]
            : ["tracevault/provider-key", key.KeyId, key.Owner.Kind, key.Owner.Id, key.Provider, key.Id];
        var length = 0;
        foreach (var part in parts)
        {
            if (length > 0)
            {
                buffer[length++] = 0;
            }

            length += Encoding.UTF8.GetBytes(part, buffer[length..]);
        }

        return buffer[..length];
    }
}
