using System.Text.RegularExpressions;

namespace TraceVault.Settings;

/// <summary>Those settings of the framework that have an effect here.</summary>
internal static partial class FrameworkSettings
{
    public static bool Has(string key) => Effective().IsMatch(key);

    /// <returns>What can be set instead; empty when there is nothing to say.</returns>
    public static string Advice(string key) => key.StartsWith("Kestrel:", StringComparison.OrdinalIgnoreCase)
        ? "Of the web server's own settings only Certificates:Default (Path, KeyPath, Password) and Endpoints:NAME (Url, Certificate) "
            + "have an effect. "
        : "";

    [GeneratedRegex(
        "^(Logging:.+|AllowedHosts|Kestrel:Endpoints:[^:]+:Url|"
            + "Kestrel:(Certificates:Default|Endpoints:[^:]+:Certificate):(Path|KeyPath|Password))$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Effective();
}
