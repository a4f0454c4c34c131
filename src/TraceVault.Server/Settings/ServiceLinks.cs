using System.Text.RegularExpressions;

namespace TraceVault.Settings;

/// <summary>
/// Variables that Kubernetes sets in every container for each service; those of a service called <c>tracevault</c> or <c>tracevault-…</c>
/// begin with our prefix.
/// </summary>
/// <remarks>https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables</remarks>
internal static partial class ServiceLinks
{
    /// <summary>Looks at the value as well as the name: <c>TRACEVAULT_PORT=3000</c> is a mistyped setting.</summary>
    public static bool Contain(string name, string? value) => Form().IsMatch($"{name}={value}");

    [GeneratedRegex("""
        ^TRACEVAULT_([A-Z0-9_]+_)?
        ( SERVICE_HOST=[0-9a-f.:]+
        | SERVICE_PORT(_[A-Z0-9_]+)?=[0-9]+
        | PORT(_[0-9]+_(TCP|UDP|SCTP))?=(tcp|udp|sctp)://[0-9a-f.:\[\]]+
        | PORT_[0-9]+_(TCP|UDP|SCTP)_(PROTO=(tcp|udp|sctp)|PORT=[0-9]+|ADDR=[0-9a-f.:]+)
        )\z
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Form();
}
