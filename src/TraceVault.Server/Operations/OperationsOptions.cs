using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using TraceVault.Settings;

namespace TraceVault.Operations;

internal enum LogFormat
{
    Text,
    Json,
}

/// <summary>What the server tells its operator, and how.</summary>
internal sealed class OperationsOptions
{
    [Secret, MinLength(16)]
    [Description("Bearer token for /metrics; 16 characters or more.")]
    public string? MetricsToken { get; set; }

    [Description("text, or json: one object a line.")]
    public LogFormat LogFormat { get; set; } = LogFormat.Text;

    [Description("information writes one line a request; warning none.")]
    public LogLevel LogLevel { get; set; } = LogLevel.Information;
}
