namespace TraceVault.Capture.Spooling;

/// <summary>
/// When what was appended is on the disk, and not only with the system: what it may cost when the power fails. The end of the process
/// alone costs nothing, whichever is chosen.
/// </summary>
internal enum SpoolSync
{
    /// <summary>Once a second, by the spool's own thread.</summary>
    Interval,

    /// <summary>Before an append returns.</summary>
    Always,

    /// <summary>When the system likes.</summary>
    Never,
}
