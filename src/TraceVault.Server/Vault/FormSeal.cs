using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace TraceVault.Vault;

/// <summary>
/// Lets the framework protect the forms of pages with the master keys, which all servers on a database share, instead of its own keys.
/// Decision 7 gives the reasons.
/// </summary>
/// <remarks>
/// A token is a salt of 16 random bytes followed by <see cref="SealedBytes"/>. AES key: HKDF-SHA-256(master key, the salt, info
/// "tracevault/form/v1"), a different one for each token, because anybody may ask for any number of them. Associated data: the purposes
/// in UTF-8, each followed by 0x00.
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

        /// <exception cref="CryptographicException">
        /// The data is malformed, tampered with, for another purpose, or sealed under a master key that is not on the ring.
        /// </exception>
        public byte[] Unprotect(byte[] protectedData)
        {
            if (protectedData.Length < SaltSize + SealedBytes.HeadSize)
            {
                throw new CryptographicException("The protected data is malformed.");
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

            throw new CryptographicException("The protected data was tampered with, or none of the master keys protects it.");
        }

        private static AesGcm CipherUnder(RingKey key, ReadOnlySpan<byte> salt) => SealedBytes.CipherUnder(key, "tracevault/form/v1", salt);
    }
}
