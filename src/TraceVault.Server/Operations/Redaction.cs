using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace TraceVault.Operations;

/// <summary>Cuts off what looks like a secret: somebody may have put one into a path or a name by mistake.</summary>
internal static class Redaction
{
    private static readonly SearchValues<string> SecretPrefixes = SearchValues.Create(["tvs_", "tvp_", "tvr_", "tvd_", "tvl_", "sk-ant-"], StringComparison.OrdinalIgnoreCase);

    /// <returns>The text up to the first secret in it.</returns>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Of(string? text) =>
        text.AsSpan().IndexOfAny(SecretPrefixes) is >= 0 and var secret ? text![..secret] + "[redacted]" : text;
}
