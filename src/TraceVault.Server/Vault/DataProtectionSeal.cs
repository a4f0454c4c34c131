using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace TraceVault.Vault;

/// <summary>Seals data-protection keys with AES-256-GCM under a key derived from the master key.</summary>
/// <remarks>
/// Element <c>sealed</c>: attribute <c>key</c> is the id of the master key, the text is base64 of version (1 byte, 0x01) ‖ nonce (12) ‖ tag (16) ‖
/// ciphertext. AES key: HKDF-SHA-256(master key, no salt, info "tracevault/data-protection/v1"). Associated data, UTF-8: "data_protection_keys" 0x00 master key id.
/// </remarks>
internal sealed class DataProtectionSeal(KeyRing ring) : IXmlEncryptor
{
    private const byte Version = 1;
    private const int NonceSize = 12, TagSize = 16, HeadSize = 1 + NonceSize + TagSize;

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var bytes = new byte[HeadSize + plain.Length];
        bytes[0] = Version;
        RandomNumberGenerator.Fill(bytes.AsSpan(1, NonceSize));
        using (var cipher = CipherUnder(ring.Sealing))
        {
            cipher.Encrypt(bytes.AsSpan(1, NonceSize), plain, bytes.AsSpan(HeadSize), bytes.AsSpan(1 + NonceSize, TagSize), Associated(ring.Sealing.Id));
        }

        CryptographicOperations.ZeroMemory(plain);
        return new EncryptedXmlInfo(new XElement("sealed", new XAttribute("key", ring.Sealing.Id), Convert.ToBase64String(bytes)), typeof(Opener));
    }

    private XElement Decrypt(XElement element)
    {
        var id = (string?)element.Attribute("key");
        var key = ring.Keys.FirstOrDefault(each => each.Id == id)
            ?? throw new CryptographicException("A data-protection key is sealed under a master key that is not on the ring.");
        var bytes = Convert.FromBase64String(element.Value);
        if (bytes.Length <= HeadSize || bytes[0] != Version)
        {
            throw new CryptographicException("A data-protection key is malformed.");
        }

        var plain = new byte[bytes.Length - HeadSize];
        using (var cipher = CipherUnder(key))
        {
            cipher.Decrypt(bytes.AsSpan(1, NonceSize), bytes.AsSpan(HeadSize), bytes.AsSpan(1 + NonceSize, TagSize), plain, Associated(key.Id));
        }

        var opened = XElement.Parse(Encoding.UTF8.GetString(plain));
        CryptographicOperations.ZeroMemory(plain);
        return opened;
    }

    private static AesGcm CipherUnder(RingKey key)
    {
        Span<byte> derived = stackalloc byte[32];
        key.Derive("tracevault/data-protection/v1", derived);
        var cipher = new AesGcm(derived, TagSize);
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }

    private static byte[] Associated(string keyId) => Encoding.UTF8.GetBytes($"data_protection_keys\0{keyId}");

    /// <summary>The framework stores this type's name beside each key and makes one to open it: it is never renamed.</summary>
    internal sealed class Opener(IServiceProvider services) : IXmlDecryptor
    {
        public XElement Decrypt(XElement encryptedElement) => services.GetRequiredService<DataProtectionSeal>().Decrypt(encryptedElement);
    }
}
