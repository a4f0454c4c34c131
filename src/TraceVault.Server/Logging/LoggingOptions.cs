using System.ComponentModel;

namespace TraceVault.Logging;

internal enum LogFormat
{
    Text,
    Json,
}

/// <summary>What the log holds, and in which form.</summary>
internal sealed class LoggingOptions
{
    [Description("text, or json: one object a line.")]
    public LogFormat LogFormat { get; set; } = LogFormat.Text;

    [Description("information writes one line a request; warning none.")]
    public LogLevel LogLevel { get; set; } = LogLevel.Information;
}
