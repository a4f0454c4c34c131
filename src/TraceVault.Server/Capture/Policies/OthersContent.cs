namespace TraceVault.Capture.Policies;

/// <summary>Whether an owner may read the recorded content of somebody else.</summary>
public enum OthersContent
{
    Never,

    /// <summary>After typing a reason, which is in the audit log.</summary>
    WithReason,
}
