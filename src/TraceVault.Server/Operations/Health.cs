using TraceVault.Storage;
using TraceVault.Vault;

namespace TraceVault.Operations;

internal sealed record HealthAnswer(string Status, string? Reason = null);

/// <summary>Answers in front of the endpoints, which are made last: a server is ready when it can forward.</summary>
internal sealed class Health(KeyCheck keys, Database database)
{
    private static readonly HealthAnswer Ok = new("ok");

    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        Asks(context, "/healthz") ? AnswerAsync(context, static _ => Task.FromResult(Ok))
        : Asks(context, "/readyz") ? AnswerAsync(context, ReadyAsync)
        : next(context);

    /// <summary>As endpoints are found: in any case, with a slash behind it or not.</summary>
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
        context.Response.StatusCode = answer == Ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        await context.Response.WriteAsJsonAsync(answer, ApiJson.Default.HealthAnswer);
    }

    /// <summary>The database answers and every stored key can be opened; 503 with the reason otherwise.</summary>
    private async Task<HealthAnswer> ReadyAsync(CancellationToken cancel)
    {
        try
        {
            await database.ProbeAsync(cancel);
            var unreadable = await keys.CountUnreadableAsync(cancel);
            return unreadable == 0 ? Ok
                : new HealthAnswer("unready", $"{unreadable} stored keys cannot be opened; put the master key that sealed them back into TRACEVAULT_ENCRYPTION_KEY");
        }
        catch (Exception problem) when (Database.IsUnavailable(problem))
        {
            return new HealthAnswer("unready", "the database is unavailable");
        }
    }
}
