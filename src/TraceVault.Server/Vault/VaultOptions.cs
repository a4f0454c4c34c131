using System.ComponentModel;
using TraceVault.Settings;

namespace TraceVault.Vault;

/// <summary>The keys that seal what users store.</summary>
internal sealed class VaultOptions
{
    [Secret]
    [Description("32 bytes, base64, or id:base64,id:base64; the first seals, all open.")]
    public string? EncryptionKey { get; set; }

    [Description("A file that holds the same instead.")]
    public string? EncryptionKeyFile { get; set; }
}
