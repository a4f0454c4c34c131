using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace TraceVault.Tests.Cli;

/// <summary>Answers the doctor as TraceVault promises to, but for what a test spoils.</summary>
internal static class SoundServer
{
    public const string Base = "/proxy/anthropic";

    private const string Unknown = "Bearer tvs_doctor-asks-with-an-unknown-token";

    private const string Stream = "event: message_start\ndata: {}\n\nevent: message_stop\ndata: {}\n\n";

    /// <param name="spoil">Answers in this server's place, or returns null.</param>
    public static Task<OddServer> StartAsync(Func<HttpContext, Task?> spoil) =>
        OddServer.StartAsync(context => spoil(context) ?? AnswerAsync(context));

    /// <summary>The target as it came over the wire.</summary>
    public static string Target(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    /// <summary>Whether this is a request for models whose credential is good.</summary>
    public static bool IsReal(HttpContext context) => IsModels(context) && Code(context) is null;

    /// <summary>The code of the error with which a request for models is refused; null for another request, or one that is not.</summary>
    public static string? Code(HttpContext context) => !IsModels(context)
        ? null
        : (context.Request.Headers.Authorization.ToString(), context.Request.Headers["x-api-key"].ToString()) switch
        {
            ("", "") => "missing_token",
            (Unknown, "") => "invalid_token",
            (Unknown, _) => "conflicting_tokens",
            _ => null,
        };

    public static Task ErrorAsync(
        HttpContext context,
        int status,
        string type,
        string? code,
        string? shouldRetry = "false",
        string id = "req_1",
        string message = "No.")
    {
        context.Response.StatusCode = status;
        context.Response.Headers["x-tracevault-request-id"] = "req_1";
        if (code is not null)
        {
            context.Response.Headers["x-tracevault-error"] = code;
        }

        if (shouldRetry is not null)
        {
            context.Response.Headers["x-should-retry"] = shouldRetry;
        }

        return OddServer.JsonAsync(
            context, $$"""{"type":"error","error":{"type":"{{type}}","message":"{{message}}"},"request_id":"{{id}}"}""");
    }

    public static Task ModelsAsync(HttpContext context, params string[] without)
    {
        foreach (var name in ((string[])["request-id", "x-tracevault-request-id"]).Except(without))
        {
            context.Response.Headers[name] = "req_1";
        }

        return OddServer.JsonAsync(context, """{"data":[{"id":"claude-of-the-tests"}]}""");
    }

    public static Task StreamAsync(HttpContext context, string events = Stream, string type = "text/event-stream")
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = type;
        }

        return context.Response.WriteAsync(events);
    }

    private static bool IsModels(HttpContext context) => Target(context) == Base + "/v1/models?limit=1";

    /// <summary>Everything as it should be.</summary>
    public static Task AnswerAsync(HttpContext context) => Target(context) switch
    {
        "/healthz" or "/readyz" => OddServer.JsonAsync(context, """{"status":"ok"}"""),
        "/api/v1/me" => OddServer.SessionAsync(context, "2026-12-20T10:00:00Z"),
        "/api/v1/me/anthropic-key" => OddServer.JsonAsync(context, """{"configured":true,"readable":true}"""),
        Base or Base + "/api/hello" => Task.CompletedTask,
        Base + "/v1/messages" when context.Request.ContentLength > 1 << 20 => ErrorAsync(context, 413, "request_too_large", "too_large"),
        Base + "/v1/messages" => StreamAsync(context),
        Base + "/v1/models?limit=1" => Code(context) is { } code
            ? ErrorAsync(context, 401, "authentication_error", code)
            : ModelsAsync(context),
        _ => ErrorAsync(context, 400, "invalid_request_error", "bad_path"),
    };
}
