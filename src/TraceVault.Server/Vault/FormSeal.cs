using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace TraceVault.Vault;

/// <summary>What the framework protects the forms of pages with, in place of its own keys: the master keys, which all servers on a database share. Decision 7 says why.</summary>
/// <remarks>
/// A token is a salt of 16 random bytes and <see cref="SealedBytes"/>. AES key: HKDF-SHA-256(master key, the salt, info "tracevault/form/v1"): another for each
/// token, because anybody may ask for any number of them. Associated data: the purposes, UTF-8, each with 0x00 behind it.
/// </remarks>
internal sealed class FormSeal(KeyRing ring) : IDataProtectionProvider
{
    private const int SaltSize = 16;

    public IDataProtector CreateProtector(string purpose) => new Protector(ring, "").CreateProtector(purpose);

    private sealed class Protector(KeyRing ring, string purposes) : IDataProtector
    {
        private readonly byte[] _associated = Encoding.UTF8.GetBytes(purposes);

        public IDataProtector CreateProtector(string purpose) => new Protector(ring, $"{purposes}{purpose}\0");

        public byte[] Protect(byte[] plaintext)
        {
            var salt = RandomNumberGenerator.GetBytes(SaltSize);
            using var cipher = CipherUnder(ring.Sealing, salt);
            return [.. salt, .. SealedBytes.Seal(cipher, plaintext, _associated)];
        }

        /// <exception cref="CryptographicException">Malformed, tampered with, for another purpose, or under a master key that is not on the ring.</exception>
        public byte[] Unprotect(byte[] protectedData)
        {
            if (protectedData.Length < SaltSize + SealedBytes.HeadSize)
            {
                throw new CryptographicException("What is protected is malformed.");
            }

            var salt = protectedData.AsSpan(0, SaltSize);
            var bytes = protectedData.AsSpan(SaltSize);
            var plain = new byte[bytes.Length - SealedBytes.HeadSize];
            foreach (var key in ring.Keys)
            {
                using var cipher = CipherUnder(key, salt);
                if (SealedBytes.TryOpen(cipher, bytes, plain, _associated))
                {
                    return plain;
                }
            }

            throw new CryptographicException("What is protected was tampered with, or is under none of the master keys.");
        }

        private static AesGcm CipherUnder(RingKey key, ReadOnlySpan<byte> salt) => SealedBytes.CipherUnder(key, "tracevault/form/v1", salt);
    }
}
