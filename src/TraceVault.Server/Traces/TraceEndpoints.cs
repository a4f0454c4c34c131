using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Capture.Taping;
using TraceVault.Identity;

namespace TraceVault.Traces;

/// <summary>Traces and exchanges over JSON, without what was said in them.</summary>
internal static class TraceEndpoints
{
    public static async Task<IResult> ListAsync(
        HttpRequest request, SignedIn me, TraceReader reader, RunningExchanges running, CancellationToken cancel)
    {
        var problems = new Dictionary<string, string[]>();
        var filter = TraceFilter.Read(request.Query, me.User, problems);
        if (problems.Count > 0)
        {
            return Invalid(problems);
        }

        var page = await reader.ListAsync(filter, cancel);
        return TypedResults.Json(new TracesAnswer(
            page.Traces.Select(trace => Answer(trace, [.. page.Models[trace.N]], page.Agents.GetValueOrDefault(trace.N), running)),
            page.Next));
    }

    public static async Task<IResult> GetAsync(
        string id, SignedIn me, TraceReader reader, RunningExchanges running, CancellationToken cancel) =>
        await FindAsync(id, me, reader, cancel) is var (trace, models, agents)
            ? TypedResults.Json(Answer(trace, models, agents, running))
            : TypedResults.NotFound();

    public static async Task<IResult> ExchangesAsync(
        string id, HttpRequest request, SignedIn me, TraceReader reader, CancellationToken cancel)
    {
        var problems = new Dictionary<string, string[]>();
        var (after, limit) = (TraceFilter.Id(request.Query, "after", problems) ?? "", TraceFilter.Count(request.Query, problems));
        if (problems.Count > 0)
        {
            return Invalid(problems);
        }

        if (await FindAsync(id, me, reader, cancel) is not var (trace, _, _))
        {
            return TypedResults.NotFound();
        }

        var exchanges = await reader.ExchangesAsync(trace.N, after, limit, cancel);
        return TypedResults.Json(new ExchangesAnswer(
            exchanges.Select(Answer), exchanges.Count == limit ? exchanges[^1].Id : null));
    }

    public static async Task<IResult> ExchangeAsync(string id, SignedIn me, TraceReader reader, CancellationToken cancel) =>
        Guid.TryParseExact(id, "D", out var known) && await reader.ExchangeAsync(known.ToString(), me.User, cancel) is { } exchange
            ? TypedResults.Json(Answer(exchange))
            : TypedResults.NotFound();

    private static async Task<(TraceRow Trace, IReadOnlyList<string> Models, IReadOnlyList<AgentAnswer> Agents)?> FindAsync(
        string id, SignedIn me, TraceReader reader, CancellationToken cancel) =>
        Guid.TryParseExact(id, "D", out var known) ? await reader.FindAsync(known.ToString(), me.User, cancel) : null;

    private static ValidationProblem Invalid(Dictionary<string, string[]> problems) =>
        TypedResults.ValidationProblem(problems, detail: problems.Values.First()[0]);

    private static TraceAnswer Answer(TraceRow trace, IReadOnlyList<string> models, object agents, RunningExchanges running) => new(
        trace.Id,
        new TraceUser(trace.UserId, trace.Email),
        trace.Client,
        trace.Project,
        Labels(trace.Labels),
        trace.StartedAt.UtcDateTime,
        trace.LastAt.UtcDateTime,
        trace.Exchanges,
        trace.Messages,
        agents,
        models,
        trace.Errors,
        running.Has(trace.UserId, trace.SessionKey),
        Recorded(trace.ErasedAt is null ? trace.Recorded : Math.Min(trace.Recorded, 1)),
        trace.WireBytes,
        trace.ErasedAt is null ? trace.StoredBytes : 0);

    private static ExchangeAnswer Answer(ExchangeDetails exchange) => new(
        exchange.Id,
        exchange.TraceId,
        exchange.AgentId.Length == 0 ? null : exchange.AgentId,
        exchange.ParentId,
        new TraceUser(exchange.UserId, exchange.Email),
        exchange.TokenId,
        exchange.Project,
        exchange.Client,
        exchange.Kind,
        exchange.Method,
        exchange.Path,
        exchange.StartedAt.UtcDateTime,
        exchange.FirstByteUs / 1000.0,
        exchange.DurationUs / 1000.0,
        (int?)exchange.Status,
        exchange.Outcome,
        exchange.ErrorType,
        exchange.ErrorCode,
        exchange.IsStream != 0,
        exchange.ModelAsked,
        exchange.Model,
        exchange.StopReason,
        exchange.UpstreamRequestId,
        exchange.RequestBytes,
        exchange.ResponseBytes,
        Recorded(exchange.ErasedAt is null ? exchange.Recorded : Math.Min(exchange.Recorded, 1)),
        exchange.GapBytes,
        exchange.RetryOf,
        exchange.Usage is { } usage ? JsonElement.Parse(usage) : null);

    private static string Recorded(long recorded) => recorded switch { 0 => "none", 1 => "usage", _ => "full" };

    private static Dictionary<string, string> Labels(string? text) => text?.Split(',')
        .Select(label => label.Split('=', 2))
        .Where(label => label.Length == 2)
        .GroupBy(label => label[0], StringComparer.Ordinal)
        .ToDictionary(label => label.Key, label => label.Last()[1], StringComparer.Ordinal) ?? [];
}
