namespace TraceVault.Capture.Recording;

/// <summary>A row of <c>exchanges</c>.</summary>
/// <param name="Usage">The provider's own JSON; null when it stated none.</param>
/// <param name="PartN">The part that holds the bodies; null when they are not kept.</param>
/// <param name="FramesAt">Where the request's frame begins in it; that of the answer follows.</param>
/// <param name="RequestFrame">The length of the request's frame.</param>
/// <param name="ResponseFrame">The length of the answer's frame; null when there was no answer.</param>
internal sealed record ExchangeRow(
    string Id,
    long TraceN,
    long AgentN,
    string TokenId,
    string Provider,
    string Kind,
    string Method,
    string Path,
    DateTimeOffset StartedAt,
    long? FirstByteUs,
    long DurationUs,
    int? Status,
    string Outcome,
    string? ErrorType,
    string? ErrorCode,
    long IsStream,
    string? ModelAsked,
    string? Model,
    string? StopReason,
    string? UpstreamRequestId,
    string? MessageId,
    long RequestBytes,
    long ResponseBytes,
    CaptureMode Recorded,
    long GapBytes,
    string? RetryOf,
    string? Usage,
    string UsageSource,
    long? PartN,
    long? FramesAt,
    long? RequestFrame,
    long? ResponseFrame)
{
    /// <summary>
    /// Whether it counts as an error: a status of 400 or more, an error within a stream, or a break that is not the client's doing.
    /// </summary>
    public bool IsError => Status >= 400 || ErrorType is not null || Outcome is not ("ok" or "client_left");
}
