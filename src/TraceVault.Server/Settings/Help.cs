using System.Reflection;
using System.Text;

namespace TraceVault.Settings;

/// <summary>The answers to <c>--help</c> and <c>--version</c>.</summary>
internal static class Help
{
    /// <summary>Lists every switch and every setting, each from the place that defines it.</summary>
    public static async Task<int> WriteAsync(IEnumerable<CommandSwitch> switches, IEnumerable<Setting> settings)
    {
        var text = new StringBuilder("""
            The TraceVault server: a self-hosted proxy for Anthropic's API.

            Usage: tracevault-server [SWITCH] [--Name=value ...]


            """);
        var width = switches.Max(each => each.Name.Length) + 2;
        foreach (var (name, meaning, _) in switches)
        {
            text.Append("  ").Append(name.PadRight(width)).AppendLine(meaning);
        }

        text.AppendLine().AppendLine("""
            Settings are read from the environment, from the command line
            (TRACEVAULT_DATA_DIR is --DataDir=...) and, unless secret, from
            ./appsettings.json (as "DataDir").

            """);
        foreach (var setting in settings)
        {
            var standard = setting.Default.Length > 0 ? $"={setting.Default}" : "";
            text.AppendLine($"  {setting.Name}{standard}{(setting.IsSecret ? "  (secret)" : "")}");
            text.Append("      ").AppendLine(setting.Meaning);
        }

        await Console.Out.WriteAsync(text);
        return 0;
    }

    public static async Task<int> WriteVersionAsync()
    {
        var version = typeof(Help).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        await Console.Out.WriteLineAsync($"tracevault-server {version}");
        return 0;
    }
}
