using System.Security.Cryptography;
using System.Text;
using TraceVault.Vault;

namespace TraceVault.Capture.Parts;

/// <summary>A user's key as it is stored.</summary>
/// <param name="Sealed">Version, nonce, tag and ciphertext: see <see cref="CaptureVault"/>.</param>
/// <param name="KeyId">The id of the master key that it was sealed under.</param>
internal sealed record SealedUserKey(string UserId, byte[] Sealed, string KeyId);

/// <summary>Seals the keys of what is recorded: a user's under a master key, a trace's under its user's.</summary>
/// <remarks>
/// <para>Both have the form of <see cref="SealedBytes"/>. A seal is bound to whom it is for, and names no table: tables are renamed.</para>
/// <para>User key: AES key HKDF-SHA-256(master key, no salt, info "tracevault/capture-user-key/v1"); associated data, UTF-8,
/// "tracevault/capture-user-key" 0x00 master key id 0x00 "user" 0x00 user id.</para>
/// <para>Trace key: AES key is the user key, which seals nothing else; associated data "tracevault/capture-trace-key" 0x00 "user" 0x00
/// user id 0x00 trace id.</para>
/// </remarks>
internal sealed class CaptureVault(KeyRing ring)
{
    /// <summary>The id of the master key that seals.</summary>
    public string SealingId => ring.Sealing.Id;

    public SealedUserKey CreateUserKey(string userId)
    {
        var key = RandomNumberGenerator.GetBytes(TraceKey.Size);
        var result = SealUserKey(key, userId);
        CryptographicOperations.ZeroMemory(key);
        return result;
    }

    /// <summary>Seals a stored user key under the master key in force.</summary>
    /// <returns>Null when it does not open: it was changed, is somebody else's, or its master key is not on the ring.</returns>
    public SealedUserKey? Reseal(SealedUserKey stored)
    {
        Span<byte> key = stackalloc byte[TraceKey.Size];
        try
        {
            OpenUserKey(stored, key);
            return SealUserKey(key, stored.UserId);
        }
        catch (CryptographicException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <returns>The sealed form, to be stored.</returns>
    /// <exception cref="CryptographicException">The user key does not open.</exception>
    public byte[] Seal(TraceKey key, Guid trace, SealedUserKey user)
    {
        using var cipher = CipherOf(user);
        return SealedBytes.Seal(cipher, key.Reveal(), Associated("tracevault/capture-trace-key", "user", user.UserId, trace.ToString()));
    }

    /// <exception cref="CryptographicException">One of the two does not open: it was changed, moved to another user or trace, or its master
    /// key is not on the ring.</exception>
    public TraceKey Open(byte[] sealedKey, Guid trace, SealedUserKey user)
    {
        using var cipher = CipherOf(user);
        Span<byte> key = stackalloc byte[TraceKey.Size];
        SealedBytes.Open(
            cipher, sealedKey, key, Associated("tracevault/capture-trace-key", "user", user.UserId, trace.ToString()));
        var opened = new TraceKey(key);
        CryptographicOperations.ZeroMemory(key);
        return opened;
    }

    private SealedUserKey SealUserKey(ReadOnlySpan<byte> key, string userId)
    {
        using var cipher = CipherUnder(ring.Sealing);
        return new SealedUserKey(userId, SealedBytes.Seal(cipher, key, AssociatedOf(userId, SealingId)), SealingId);
    }

    private AesGcm CipherOf(SealedUserKey user)
    {
        Span<byte> key = stackalloc byte[TraceKey.Size];
        OpenUserKey(user, key);
        var cipher = new AesGcm(key, FrameHead.TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private void OpenUserKey(SealedUserKey stored, Span<byte> key)
    {
        if (!ring.TryGet(stored.KeyId, out var master))
        {
            throw new CryptographicException("The user's key is sealed under an unknown master key.");
        }

        using var cipher = CipherUnder(master);
        SealedBytes.Open(cipher, stored.Sealed, key, AssociatedOf(stored.UserId, stored.KeyId));
    }

    private static AesGcm CipherUnder(RingKey master) => SealedBytes.CipherUnder(master, "tracevault/capture-user-key/v1");

    private static byte[] AssociatedOf(string userId, string masterId) =>
        Associated("tracevault/capture-user-key", masterId, "user", userId);

    private static byte[] Associated(params ReadOnlySpan<string> words) => Encoding.UTF8.GetBytes(string.Join('\0', words));
}
