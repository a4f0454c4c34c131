using System.Reflection;
using System.Text;

namespace TraceVault.Settings;

/// <summary>
/// How a setting is spelled: <c>PublicUrl</c>, which has no section, is <c>TRACEVAULT_PUBLIC_URL</c> in the environment and
/// <c>--PublicUrl</c> on the command line; <c>MaxBodyBytes</c> of section <c>Proxy</c> is <c>TRACEVAULT_PROXY__MAXBODYBYTES</c>.
/// </summary>
internal static class SettingName
{
    public const string EnvironmentPrefix = "TRACEVAULT_";

    /// <summary>The configuration key that all spellings of a setting share: ':' after the section, no '_' or '-'.</summary>
    public static string Normalize(string name) => name
        .Replace("__", ":", StringComparison.Ordinal)
        .Replace("_", "", StringComparison.Ordinal)
        .Replace("-", "", StringComparison.Ordinal);

    public static string Key(string section, PropertyInfo property) =>
        section.Length == 0 ? property.Name : $"{section}:{property.Name}";

    public static string ForEnvironment(string section, PropertyInfo property) => section.Length == 0
        ? EnvironmentPrefix + Snake(property.Name)
        : $"{EnvironmentPrefix}{section.ToUpperInvariant()}__{property.Name.ToUpperInvariant()}";

    private static string Snake(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToUpperInvariant(letter));
        }

        return text.ToString();
    }
}
