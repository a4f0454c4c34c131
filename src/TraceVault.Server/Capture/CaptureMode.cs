namespace TraceVault.Capture;

/// <summary>What is kept of an exchange.</summary>
public enum CaptureMode
{
    /// <summary>Nothing but the metrics and the log line.</summary>
    Off,

    /// <summary>Who, when, which trace, which model, tokens, sizes, times, outcome. No content.</summary>
    Usage,

    /// <summary>That, and every byte of both bodies, sealed.</summary>
    Full,
}
