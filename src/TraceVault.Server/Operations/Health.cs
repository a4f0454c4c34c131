using System.Text.Json.Serialization;
using TraceVault.Capture.Recording;
using TraceVault.Gateway;
using TraceVault.Keys;
using TraceVault.Storage;

namespace TraceVault.Operations;

/// <param name="Status"><c>ok</c> for a process that lives; <c>ready</c>, <c>degraded</c> or <c>unready</c> for a server.</param>
/// <param name="Reason">All reasons in words.</param>
/// <param name="Reasons">Why the server is not <c>ready</c>, for programs.</param>
internal sealed record HealthAnswer(
    string Status,
    string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] HealthReason[]? Reasons = null)
{
    public static HealthAnswer Because(bool serves, params HealthReason[] reasons) => new(
        serves ? "degraded" : "unready", string.Join("; ", reasons.Select(reason => reason.Detail)), reasons);
}

/// <param name="Code"><c>keys_unreadable</c>, <c>database_unavailable</c> or <c>capture_gaps</c>.</param>
/// <param name="Count">
/// How many stored keys do not open, how many users are served without the database, or how many bytes were not recorded.
/// </param>
/// <param name="Detail">In words.</param>
internal sealed record HealthReason(string Code, long Count, string Detail);

/// <summary>
/// Answers before the routing, because the endpoints are made last at a start, and a server is ready once it can forward.
/// </summary>
internal sealed class Health(KeyCheck keys, Callers callers, CaptureState capture, Database database, Outage outage)
{
    /// <summary>
    /// The longest wait for readiness while users can be served without the database. A probe of Kubernetes waits for a second.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(700);

    private static readonly HealthAnswer Alive = new("ok"), Ready = new("ready");

    private readonly Lock _gate = new();
    private Task<HealthAnswer>? _look;

    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        Asks(context, "/healthz") ? AnswerAsync(context, static _ => Task.FromResult(Alive))
        : Asks(context, "/readyz") ? AnswerAsync(context, ReadyAsync)
        : next(context);

    /// <summary>Matches paths as the routing does: upper or lower case, with a slash at the end or without.</summary>
    private static bool Asks(HttpContext context, string path) =>
        context.Request.Path.StartsWithSegments(path, out var rest) && (rest.Value is null or "" or "/");

    private static async Task AnswerAsync(HttpContext context, Func<CancellationToken, Task<HealthAnswer>> ask)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        var answer = await ask(context.RequestAborted);
        context.Response.StatusCode = answer.Status == "unready" ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        await context.Response.WriteAsJsonAsync(answer, OperationsJson.Default.HealthAnswer);
    }

    /// <summary>
    /// 503 when nobody can be served. When only some cannot, the server is degraded: taking it away would help nobody.
    /// </summary>
    private async Task<HealthAnswer> ReadyAsync(CancellationToken cancel)
    {
        var look = LookOnce();
        if (callers.CountServable() is > 0 and var servable)
        {
            await Task.WhenAny(look, Task.Delay(Patience, cancel));
            if (!look.IsCompleted)
            {
                return WithoutDatabase(servable);
            }
        }

        return await look.WaitAsync(cancel);
    }

    /// <summary>Requests at the same time share one look, because anybody may ask as often as they like.</summary>
    private Task<HealthAnswer> LookOnce()
    {
        lock (_gate)
        {
            return _look is { IsCompleted: false } running ? running : _look = Task.Run(LookAsync);
        }
    }

    private async Task<HealthAnswer> LookAsync()
    {
        try
        {
            await database.ProbeAsync(CancellationToken.None);
            var (unreadable, total) = await keys.CountUnreadableAsync(CancellationToken.None);
            var reasons = new List<HealthReason>();
            if (unreadable > 0)
            {
                reasons.Add(new(
                    "keys_unreadable",
                    unreadable,
                    $"{unreadable} of {total} stored keys cannot be opened; put the master key that sealed them back into "
                    + "TRACEVAULT_ENCRYPTION_KEY, or let their users store them again"));
            }

            if (capture.Problem is { } problem)
            {
                reasons.Add(new("capture_gaps", capture.GapBytes, $"what passes is not recorded at present: {problem}"));
            }

            return reasons.Count == 0 ? Ready : HealthAnswer.Because(serves: unreadable == 0 || unreadable < total, [.. reasons]);
        }
        catch (Exception problem) when (outage.Caused(problem))
        {
            return WithoutDatabase(callers.CountServable());
        }
    }

    private static HealthAnswer WithoutDatabase(int servable) => HealthAnswer.Because(serves: servable > 0, new HealthReason(
        "database_unavailable",
        servable,
        servable switch
        {
            0 => "the database is unavailable",
            1 => "the database is unavailable; 1 active user is served without it",
            _ => $"the database is unavailable; {servable} active users are served without it",
        }));
}
