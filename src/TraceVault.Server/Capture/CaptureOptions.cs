using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using TraceVault.Capture.Spooling;

namespace TraceVault.Capture;

/// <summary>Configuration section <c>Capture</c>.</summary>
internal sealed class CaptureOptions
{
    // Below that, two large requests are all that fits; above, the segments would be more files than a process may usually hold open.
    [Range(typeof(long), "67108864", "68719476736")]
    [Description("Bytes on the local disk for what is not recorded yet; 64 MiB to 64 GiB.")]
    public long SpoolBytes { get; set; } = 1L << 30;

    [Description("When these reach the disk itself: interval (1 s), always or never.")]
    public SpoolSync Sync { get; set; } = SpoolSync.Interval;

    [Description("Where recorded bodies are kept: file (the data folder) or database.")]
    public PartPlace Store { get; set; } = PartPlace.File;
}

/// <summary>Where parts are kept.</summary>
internal enum PartPlace
{
    /// <summary>In the data folder.</summary>
    File,

    /// <summary>In the database, so that several servers on one PostgreSQL find them.</summary>
    Database,
}
