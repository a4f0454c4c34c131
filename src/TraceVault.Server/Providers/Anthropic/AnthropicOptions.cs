using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace TraceVault.Providers.Anthropic;

/// <summary>Where the upstream is: a setting without a section.</summary>
internal sealed class AnthropicOptions
{
    [Required]
    // Over http to another machine, the keys would be readable on the network.
    [Description("Where requests and keys go; http for a loopback address only.")]
    public string AnthropicUrl { get; set; } = "https://api.anthropic.com";
}

/// <summary>
/// Limits of single paths, in the section <c>Proxy</c>. The defaults are Anthropic's own:
/// https://docs.anthropic.com/en/api/overview#request-size-limits
/// </summary>
internal sealed class AnthropicLimitsOptions
{
    [Range(1 << 10, 512 << 20)]
    [Description("Largest body for /v1/messages/batches, in bytes.")]
    public int MaxBatchBytes { get; set; } = 256 << 20;

    [Range(1 << 10, 512 << 20)]
    [Description("Largest body for /v1/files, in bytes.")]
    public int MaxFileBytes { get; set; } = 500 << 20;
}
