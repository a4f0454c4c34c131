using System.ComponentModel;

namespace TraceVault.Downloads;

/// <summary>What is handed out besides pages.</summary>
internal sealed class DownloadsOptions
{
    [Description("Folder of the command line to hand out. Default: downloads, beside it.")]
    public string? Downloads { get; set; }
}
