using System.Reflection;
using System.Text;

namespace TraceVault.Settings;

/// <summary>The answers to <c>--help</c> and <c>--version</c>.</summary>
internal static class Help
{
    /// <summary>Every switch and every setting, each from the one place that defines it.</summary>
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
            Settings stand in the environment, or on the command line (TRACEVAULT_DATA_DIR
            is --DataDir=...), or, unless secret, in ./appsettings.json (as "DataDir").

            """);
        foreach (var setting in settings)
        {
            text.AppendLine($"  {setting.Name}{(setting.Default.Length > 0 ? $"={setting.Default}" : "")}{(setting.IsSecret ? "  (secret)" : "")}");
            text.Append("      ").AppendLine(setting.Meaning);
        }

        await Console.Out.WriteAsync(text);
        return 0;
    }

    public static async Task<int> WriteVersionAsync()
    {
        await Console.Out.WriteLineAsync($"tracevault-server {typeof(Help).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}");
        return 0;
    }
}
