using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace TraceVault.Cli;

/// <summary>Says in a sentence what went wrong between here and the server, and what to do next.</summary>
internal static class ApiFailure
{
    private static readonly string[] Advice = [" Sign in with ", " Sign in again", " Try again"];

    public static bool IsJson(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType is "application/json" or "application/problem+json";

    /// <summary>Whether reading failed because the answer is not TraceVault's: other JSON, or text in an unknown encoding.</summary>
    public static bool IsOdd(Exception failed) => failed is JsonException or InvalidOperationException;

    public static CommandFailure OfConnection(ServerUrl server, HttpRequestException failed) => failed.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => CommandFailure.Failed(
            "unreachable", $"Can't reach {server}: no machine of that name was found. Check the URL and your network."),
        HttpRequestError.SecureConnectionError => CommandFailure.Failed(
            "tls",
            $"Can't make a trusted TLS connection to {server}. If its certificate comes from your own authority, add that to the system's "
            + "trusted certificates (on Linux also: set SSL_CERT_FILE to the authority's PEM file). "
            + "If the server speaks plain http, give its http:// URL."),
        HttpRequestError.ProxyTunnelError => CommandFailure.Failed(
            "unreachable",
            $"Can't reach {server}: the proxy named by HTTPS_PROXY refused the connection. "
            + "Add the server to NO_PROXY if it is reachable directly."),
        HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.InvalidResponse => NotTraceVault(server),
        _ => CommandFailure.Failed(
            "unreachable", $"Can't reach {server}: {Reason(failed)}. Check the URL and that the server is running."),
    };

    public static CommandFailure TimedOut(ServerUrl server) => CommandFailure.Failed(
        "unreachable", $"Can't reach {server}: no answer came in time. Check the URL and that the server is running.");

    public static CommandFailure NotTraceVault(ServerUrl server) =>
        CommandFailure.Failed("not_tracevault", $"What answers at {server} is not TraceVault. Check the URL.");

    public static CommandFailure NotTraceVault(ServerUrl server, HttpResponseMessage response) => CommandFailure.Failed(
        "not_tracevault",
        $"What answers at {server} is not TraceVault, or something in front of it answered instead (HTTP {(int)response.StatusCode}, "
        + $"{Text.Printable(response.Content.Headers.ContentType?.MediaType ?? "no content type")}). Check the URL.");

    public static async Task<CommandFailure> OfAnswerAsync(ServerUrl server, HttpResponseMessage response, CancellationToken cancel)
    {
        if ((int)response.StatusCode is >= 300 and < 400)
        {
            return OfRedirect(server, response);
        }

        if (!IsJson(response) || (int)response.StatusCode < 400)
        {
            return NotTraceVault(server, response);
        }

        try
        {
            var problem = JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(cancel), CliJson.Default.Problem);
            return IsStranger(response, problem) ? NotTraceVault(server, response) : OfStatus(server, response, problem);
        }
        catch (Exception odd) when (IsOdd(odd))
        {
            return NotTraceVault(server, response);
        }
    }

    /// <summary>Whether something other than TraceVault answered a request without a token: TraceVault's errors hold a sentence.</summary>
    private static bool IsStranger(HttpResponseMessage response, Problem? problem) =>
        response.RequestMessage?.Headers.Authorization is null
        && (response.Content.Headers.ContentType?.MediaType is "application/problem+json"
            ? problem?.Detail
            : problem?.ErrorDescription) is null;

    private static CommandFailure OfStatus(ServerUrl server, HttpResponseMessage response, Problem? problem)
    {
        var said = Said(problem);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized when response.RequestMessage?.Headers.Authorization is not null =>
                CommandFailure.NotSignedIn(
                    $"{said ?? "The server does not accept your sign-in any more."} Run: tracevault login --server {server}"),
            HttpStatusCode.Unauthorized => CommandFailure.Failed("refused", said ?? "The server refused."),
            HttpStatusCode.Conflict => CommandFailure.Failed(
                "already_set_up", $"{said ?? "This server is set up already."} Run: tracevault login --server {server}"),
            HttpStatusCode.TooManyRequests => CommandFailure.Failed(
                "too_many_requests", $"{said ?? "Too many attempts."} {RetryAfter(response)}"),
            >= HttpStatusCode.InternalServerError => CommandFailure.Failed(
                "server_error",
                $"{said ?? $"The server failed (HTTP {(int)response.StatusCode})."} "
                + "Try again; if it keeps failing, look into the server's log."),
            _ when problem?.Code is "key_refused" => CommandFailure.Failed(
                "key_refused",
                problem.Detail is { } detail ? Sentence(Text.Printable(detail).Trim()) : "Anthropic does not know this key."),
            _ => CommandFailure.Failed("refused", said ?? $"The server refused (HTTP {(int)response.StatusCode})."),
        };
    }

    /// <summary>The server's sentence, and below it a line for each field it names.</summary>
    private static string? Said(Problem? problem)
    {
        var sentence = WithoutAdvice(problem?.Detail ?? problem?.ErrorDescription ?? problem?.Title);
        var fields = problem?.Errors?
            .SelectMany(field => field.Value.Select(text => $"\n  {Text.Printable(field.Key)}: {Text.Printable(text)}"))
            ?? [];
        return sentence is null ? null : string.Concat(fields.Prepend(Sentence(Text.Printable(sentence).Trim())));
    }

    /// <summary>Cuts off the server's advice, which is for users of its API; this program gives its own.</summary>
    private static string? WithoutAdvice(string? text) =>
        Advice.Aggregate(text, (rest, advice) => rest?.IndexOf(advice, StringComparison.Ordinal) is > 0 and var at ? rest[..at] : rest);

    private static string Sentence(string text) => text.EndsWith('.') || text.EndsWith('!') || text.EndsWith('?') ? text : text + ".";

    private static string RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { TotalMinutes: > 2 } wait } => $"Try again in {Math.Ceiling(wait.TotalMinutes):0} minutes.",
        { Delta: { } wait } => $"Try again in {wait.TotalSeconds:0} seconds.",
        { Date: { } date } => $"Try again after {Text.Time(date)}.",
        _ => "Try again later.",
    };

    private static CommandFailure OfRedirect(ServerUrl server, HttpResponseMessage response)
    {
        var target = response.Headers.Location is { } location ? new Uri(new Uri(server.Origin), location) : null;
        var origin = target is { Scheme: "http" or "https" } ? target.GetLeftPart(UriPartial.Authority) : null;
        return origin is null || origin == server.Origin
            ? NotTraceVault(server, response)
            : CommandFailure.Failed(
                "redirected",
                $"The server answers at {origin}; use that URL. Nothing was sent there, because a token must not follow a redirect.");
    }

    /// <summary>The reason as a clause, without a full stop.</summary>
    public static string Reason(HttpRequestException failed) => failed.InnerException is SocketException socket
        ? socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "nothing listens there",
            SocketError.TimedOut => "it does not answer",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "there is no route to that network",
            _ => "the connection failed",
        }
        : "the connection broke off";
}
