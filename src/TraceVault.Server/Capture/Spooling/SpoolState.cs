namespace TraceVault.Capture.Spooling;

internal enum SpoolCondition
{
    Works,

    /// <summary>There is no room for more: as much is waiting as may, or the disk is full.</summary>
    Full,

    /// <summary>Writing fails or takes too long. It is tried again every second.</summary>
    Broken,
}

/// <param name="Condition">Whether appends are kept.</param>
/// <param name="Since">Since when.</param>
/// <param name="Reason">A sentence without a path or content; empty while it works.</param>
internal sealed record SpoolState(SpoolCondition Condition, DateTimeOffset Since, string Reason);
