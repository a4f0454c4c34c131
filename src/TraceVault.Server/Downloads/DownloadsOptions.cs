using System.ComponentModel;

namespace TraceVault.Downloads;

/// <summary>What the server hands out besides pages.</summary>
internal sealed class DownloadsOptions
{
    [Description("Folder of the command line's builds. Default: downloads beside the server.")]
    public string? Downloads { get; set; }
}
