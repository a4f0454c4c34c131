namespace TraceVault.Capture.Reading;

/// <summary>How much a usage can be relied on.</summary>
internal enum UsageSource
{
    /// <summary>None was stated.</summary>
    Absent,

    /// <summary>A stream broke off: what was read is exact, what was written is at least this.</summary>
    Partial,

    Final,
}
