using System.ComponentModel;
using TraceVault.Settings;

namespace TraceVault.Vault;

/// <summary>The keys that seal what users store.</summary>
internal sealed class VaultOptions
{
    [Secret]
    [Description("32 bytes in base64, or id:base64,id:base64: first encrypts, all decrypt.")]
    public string? EncryptionKey { get; set; }

    [Description("A file that holds the value of TRACEVAULT_ENCRYPTION_KEY instead.")]
    public string? EncryptionKeyFile { get; set; }
}
