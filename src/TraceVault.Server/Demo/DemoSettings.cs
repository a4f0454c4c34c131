using System.Security.Cryptography;
using TraceVault.Settings;
using TraceVault.Vault;

namespace TraceVault.Demo;

/// <summary>
/// Settings of a demo: its own, and those of the command line. The environment and <c>appsettings.json</c> are not read, because they may
/// name a real database.
/// </summary>
internal static class DemoSettings
{
    private static readonly string[] Own =
        ["Database", "DataDir", "AnthropicUrl", "EncryptionKey", "EncryptionKeyFile", "SetupToken", "PublicUrl"];

    /// <exception cref="StartupException">The command line sets something that the demo sets itself.</exception>
    public static SettingsReader Read(string[] args, string folder, Uri upstream)
    {
        foreach (var argument in args)
        {
            var name = SettingName.Normalize(argument.Split('=')[0].TrimStart('-'));
            if (Array.Find(Own, own => own.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } own)
            {
                throw new StartupException($"The demo has its own database, key and upstream: leave --{own} out, or leave --demo out.");
            }
        }

        return new SettingsReader(
            args,
            new Dictionary<string, string>
            {
                ["TRACEVAULT_DATA_DIR"] = folder,
                ["TRACEVAULT_ANTHROPIC_URL"] = upstream.AbsoluteUri,
                ["TRACEVAULT_ENCRYPTION_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(RingKey.Size)),
                ["TRACEVAULT_DRAIN_TIMEOUT"] = "00:00:01",
                ["TRACEVAULT_LOG_LEVEL"] = "warning",
            },
            folder: null);
    }
}
