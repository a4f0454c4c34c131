using System.Diagnostics.CodeAnalysis;

namespace TraceVault.Operations;

/// <summary>Cuts off what looks like a secret: somebody may have put one into a path or a name by mistake.</summary>
internal static class Redaction
{
    private static readonly string[] SecretPrefixes = ["tvs_", "tvp_", "tvr_", "tvd_", "tvl_", "sk-ant-"];

    /// <returns>The text up to the first secret in it.</returns>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Of(string? text)
    {
        foreach (var prefix in SecretPrefixes)
        {
            var secret = text?.IndexOf(prefix, StringComparison.OrdinalIgnoreCase) ?? -1;
            if (secret >= 0)
            {
                text = text![..secret] + "[redacted]";
            }
        }

        return text;
    }
}
