using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace TraceVault.Vault;

/// <summary>Seals data-protection keys.</summary>
/// <remarks>
/// Element <c>sealed</c>: attribute <c>key</c> is the id of the master key, the text is base64 of <see cref="SealedBytes"/>. AES key: HKDF-SHA-256(master
/// key, no salt, info "tracevault/data-protection/v1"). Associated data, UTF-8: "data_protection_keys" 0x00 master key id.
/// </remarks>
internal sealed partial class DataProtectionSeal(KeyRing ring, ILogger<DataProtectionSeal> log) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        using var cipher = CipherUnder(ring.Sealing);
        var bytes = SealedBytes.Seal(cipher, plain, Associated(ring.Sealing.Id));
        CryptographicOperations.ZeroMemory(plain);
        return new EncryptedXmlInfo(new XElement("sealed", new XAttribute("key", ring.Sealing.Id), Convert.ToBase64String(bytes)), typeof(Opener));
    }

    private XElement Decrypt(XElement element)
    {
        try
        {
            var id = (string?)element.Attribute("key");
            var key = ring.Keys.FirstOrDefault(each => each.Id == id) ?? throw new CryptographicException("The master key is not on the ring.");
            var bytes = Convert.FromBase64String(element.Value);
            var plain = new byte[Math.Max(0, bytes.Length - SealedBytes.HeadSize)];
            using var cipher = CipherUnder(key);
            SealedBytes.Open(cipher, bytes, plain, Associated(key.Id));
            var opened = XElement.Parse(Encoding.UTF8.GetString(plain));
            CryptographicOperations.ZeroMemory(plain);
            return opened;
        }
        catch (Exception problem) when (problem is CryptographicException or FormatException)
        {
            LogLost();
            throw;
        }
    }

    private static AesGcm CipherUnder(RingKey key) => SealedBytes.CipherUnder(key, "tracevault/data-protection/v1");

    private static byte[] Associated(string keyId) => Encoding.UTF8.GetBytes($"data_protection_keys\0{keyId}");

    [LoggerMessage(LogLevel.Warning, "A key that protects the forms of pages cannot be opened: it is sealed under a master key that is not in TRACEVAULT_ENCRYPTION_KEY, or damaged. Another one takes its place; pages opened before have to be loaded again.")]
    private partial void LogLost();

    /// <summary>The framework stores this type's name beside each key and makes one to open it: it is never renamed.</summary>
    internal sealed class Opener(IServiceProvider services) : IXmlDecryptor
    {
        public XElement Decrypt(XElement encryptedElement) => services.GetRequiredService<DataProtectionSeal>().Decrypt(encryptedElement);
    }
}
