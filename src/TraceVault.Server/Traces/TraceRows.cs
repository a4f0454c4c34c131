using TraceVault.Capture.Parts;

namespace TraceVault.Traces;

/// <summary>A row of <c>traces</c> with its user's address; null when they were removed.</summary>
internal sealed record TraceRow(
    long N,
    string Id,
    string UserId,
    string SessionKey,
    string? Email,
    string? Client,
    string? Project,
    string? Labels,
    DateTimeOffset StartedAt,
    DateTimeOffset LastAt,
    long Exchanges,
    long Messages,
    long Errors,
    long WireBytes,
    long StoredBytes,
    long Recorded,
    DateTimeOffset? ErasedAt)
{
    public const string Columns = """
        t.n, t.id, t.user_id, t.session_key, u.email, t.client, t.project, t.labels, t.started_at, t.last_at, t.exchanges, t.messages,
        t.errors, t.wire_bytes, t.stored_bytes, t.recorded, t.erased_at
        """;
}

/// <summary>A row of <c>exchanges</c> with what its trace and its agent say.</summary>
internal sealed record ExchangeDetails(
    string Id,
    string TraceId,
    string AgentId,
    string? ParentId,
    string UserId,
    string? Email,
    string TokenId,
    string? Project,
    string? Client,
    string Kind,
    string Method,
    string Path,
    DateTimeOffset StartedAt,
    long? FirstByteUs,
    long DurationUs,
    long? Status,
    string Outcome,
    string? ErrorType,
    string? ErrorCode,
    long IsStream,
    string? ModelAsked,
    string? Model,
    string? StopReason,
    string? UpstreamRequestId,
    long RequestBytes,
    long ResponseBytes,
    long Recorded,
    long GapBytes,
    string? RetryOf,
    string? Usage,
    string? PartId,
    long? FramesAt,
    long? RequestFrame,
    long? ResponseFrame,
    DateTimeOffset? ErasedAt)
{
    /// <summary>Where the request's body is; null when it is not kept.</summary>
    public Place? Request => PlaceOf(0, RequestFrame);

    /// <summary>Where the answer's body is; null when it is not kept.</summary>
    public Place? Response => PlaceOf(RequestFrame ?? 0, ResponseFrame);

    public const string Columns = """
        e.id, t.id as trace_id, a.agent_id, a.parent_id, t.user_id, u.email, e.token_id, t.project, t.client, e.kind, e.method, e.path,
        e.started_at, e.first_byte_us, e.duration_us, e.status, e.outcome, e.error_type, e.error_code, e.is_stream, e.model_asked, e.model,
        e.stop_reason, e.upstream_request_id, e.request_bytes, e.response_bytes, e.recorded, e.gap_bytes, e.retry_of, e.usage,
        p.id as part_id, e.frames_at, e.request_frame, e.response_frame, t.erased_at
        """;

    private Place? PlaceOf(long behind, long? length) => PartId is { } part && length is { } frame
        ? new Place(Guid.Parse(part), FramesAt!.Value + behind, (int)frame)
        : null;
}
