using System.Text.Json.Serialization;

namespace TraceVault.Traces;

internal sealed record TracesAnswer(IEnumerable<TraceAnswer> Traces, string? Next);

internal sealed record TraceUser(string Id, string? Email);

/// <param name="Exchanges">All of them.</param>
/// <param name="Messages">Those of <c>/v1/messages</c>.</param>
/// <param name="Agents">In a list of traces, how many; in one trace, a list of <see cref="AgentAnswer"/>.</param>
/// <param name="Errors">Those with a status of 400 or more, or that broke; a client that left is none.</param>
/// <param name="Live">Whether an exchange of the trace runs.</param>
/// <param name="Recorded">The most that is kept of any exchange: <c>none</c>, <c>usage</c> or <c>full</c>.</param>
/// <param name="WireBytes">Of the bodies of requests and answers.</param>
/// <param name="StoredBytes">What they take in the parts.</param>
internal sealed record TraceAnswer(
    string Id,
    TraceUser User,
    string? Client,
    string? Project,
    IReadOnlyDictionary<string, string> Labels,
    DateTime StartedAt,
    DateTime LastAt,
    long Exchanges,
    long Messages,
    object Agents,
    IReadOnlyList<string> Models,
    long Errors,
    bool Live,
    string Recorded,
    long WireBytes,
    long StoredBytes);

/// <param name="Id">As the client says; null for the main agent.</param>
internal sealed record AgentAnswer(string? Id, string? ParentId, long Exchanges);

internal sealed record ExchangesAnswer(IEnumerable<ExchangeAnswer> Exchanges, string? Next);

/// <param name="Kind"><c>message</c>, <c>count_tokens</c>, <c>models</c> or <c>other</c>.</param>
/// <param name="Outcome"><c>running</c>, <c>ok</c>, the code of our own error, <c>client_left</c>, <c>upstream_died</c>, <c>cut</c> or
/// <c>interrupted</c>.</param>
/// <param name="GapBytes">How many bytes passed that the spool had no room for.</param>
/// <param name="RetryOf">The first attempt of the same request; null for a first attempt.</param>
/// <param name="RawUsage">What the provider stated, as it stated it; null when it stated nothing.</param>
internal sealed record ExchangeAnswer(
    string Id,
    string TraceId,
    string? AgentId,
    string? ParentAgentId,
    TraceUser User,
    string Token,
    string? Project,
    string? Client,
    string Kind,
    string Method,
    string Path,
    DateTime StartedAt,
    double? FirstByteMs,
    double DurationMs,
    int? Status,
    string Outcome,
    string? ErrorType,
    string? ErrorCode,
    bool Stream,
    string? ModelAsked,
    string? Model,
    string? StopReason,
    string? UpstreamRequestId,
    long RequestBytes,
    long ResponseBytes,
    string Recorded,
    long GapBytes,
    string? RetryOf,
    System.Text.Json.JsonElement? RawUsage);

/// <summary>What the endpoints of traces write.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TracesAnswer))]
[JsonSerializable(typeof(TraceAnswer))]
[JsonSerializable(typeof(IReadOnlyList<AgentAnswer>))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(ExchangesAnswer))]
[JsonSerializable(typeof(ExchangeAnswer))]
internal sealed partial class TracesJson : JsonSerializerContext;
