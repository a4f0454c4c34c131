using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using TraceVault.Accounts;
using TraceVault.Providers;

namespace TraceVault.Gateway;

/// <summary>
/// An error of the gateway's own: sent in the provider's form, so that clients understand it, and with <c>x-tracevault-error</c>, so that
/// nobody mistakes it for the provider's.
/// </summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Value of <c>x-tracevault-error</c>.</param>
/// <param name="Message">A sentence that says what to do next and holds no internals.</param>
/// <param name="ShouldRetry">Whether a client may repeat the request by itself; see <see cref="Provider.ForbidRetry"/>.</param>
/// <param name="RetryAfter">Seconds to wait, when waiting helps.</param>
internal sealed record GatewayError(int Status, string Code, string Message, bool ShouldRetry, int? RetryAfter = null)
{
    public const string CodeHeader = "x-tracevault-error", RequestIdHeader = "x-tracevault-request-id";

    /// <summary>These answers are never part of an HTML page, so quotes need no escape beyond JSON's own.</summary>
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly GatewayError BadPath = Final(400, "bad_path",
        "This path is not forwarded: it has dot segments, empty segments or encoded separators. Send it in its plain form.");

    public static readonly GatewayError BadMethod = BadPath with
    {
        Message = "This method is not forwarded. Send the one that the API documents, in capital letters. CONNECT and TRACE are refused.",
    };

    public static readonly GatewayError TooManyRequests = new(429, "too_many_requests",
        "You have as many requests running as your concurrency cap allows. Wait for one to end, or raise it with `tracevault "
            + "key set --max-concurrent`.", true, 1);

    public static readonly GatewayError Unavailable = new(503, "unavailable",
        "TraceVault cannot check your session at this moment. Try again in a few seconds.", true, 2);

    public static readonly GatewayError Draining = Unavailable with
    {
        Message = "This TraceVault server is shutting down. Try again in a few seconds.",
    };

    public static readonly GatewayError Internal = new(500, "internal_error",
        "TraceVault made a mistake. Try again; if it persists, give the server's administrator the request id below: the log says more.",
            true);

    public static GatewayError MissingToken(Provider provider) => Final(401, "missing_token",
        "No TraceVault token was sent. Sign in with `tracevault login`, then send the token as `Authorization: Bearer`"
            + $"{(provider.TokenHeader is { } header ? $" or `{header}`" : "")}.");

    public static GatewayError InvalidToken(Provider provider) => Final(401, "invalid_token",
        $"This TraceVault token is not known, or it was ended or revoked. {SignInAgain(provider)}; for a program, make "
            + "another proxy token.");

    public static GatewayError ConflictingTokens(Provider provider) => Final(401, "conflicting_tokens",
        $"Two different tokens were sent. Send one TraceVault token{(provider.OneCredential is { } advice ? $"; {advice}" : "")}.");

    public static GatewayError ExpiredToken(Provider provider, TokenKind kind, DateTimeOffset? expiredAt) =>
        Final(401, "expired_token", kind is TokenKind.Session
        ? $"This TraceVault session expired at {expiredAt:yyyy-MM-ddTHH:mm:ssZ}. {SignInAgain(provider)}."
        : $"This TraceVault proxy token expired at {expiredAt:yyyy-MM-ddTHH:mm:ssZ}. Run `tracevault login` and use `tracevault "
            + "proxy token`, or make another proxy token.");

    public static GatewayError NoKey(Provider provider, string publicOrigin) => Final(403, "no_key",
        $"No {provider.Title} key is stored for you. Store one with `tracevault key set` or at {publicOrigin}/me/proxy.");

    public static GatewayError KeyUnreadable(Provider provider) => Final(500, "key_unreadable",
        $"Your stored {provider.Title} key cannot be opened. Store it again with `tracevault key set`, or ask the server's "
            + "administrator to restore its master key.");

    public static GatewayError UpstreamUnreachable(Provider provider) => new(502, "upstream_unreachable",
        $"TraceVault could not reach {provider.Title}. Try again; if it persists, ask the server's administrator to check its network.",
            true);

    public static GatewayError UpstreamBroke(Provider provider) => new(502, "upstream_unreachable",
        $"The connection to {provider.Title} ended before its answer could be read. The request may have been carried out; send "
            + "it again if that does no harm.", true);

    public static GatewayError UpstreamTimeout(Provider provider) => new(504, "upstream_timeout",
        $"{provider.Title} did not answer in time. Try again.", true);

    public static GatewayError TooLarge(int maxBytes) => Final(413, "too_large",
        $"The request body is larger than the {maxBytes} bytes that this server takes.");

    /// <summary>Answers the exchange with this error. No answer may have begun.</summary>
    public async Task WriteAsync(Exchange exchange)
    {
        var response = exchange.Context.Response;
        var body = Body(exchange);
        response.Clear();
        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        response.Headers[CodeHeader] = Code;
        response.Headers[RequestIdHeader] = exchange.RequestId;
        if (!ShouldRetry)
        {
            exchange.Provider.ForbidRetry(response.Headers);
        }

        if (RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        exchange.MarkFirstByte();
        exchange.Tape.AnswerHead(Status, upstreamRequestId: null, response.Headers);
        exchange.Tape.Answer(body.WrittenSpan);
        await response.Body.WriteAsync(body.WrittenMemory, exchange.Context.RequestAborted);
        exchange.BytesOut = body.WrittenCount;
    }

    private static string SignInAgain(Provider provider) => provider.ClientSignIn is { } client
        ? $"Sign in again as you did before: with `tracevault login`, or with {client}"
        : "Sign in again with `tracevault login`";

    private static GatewayError Final(int status, string code, string message) => new(status, code, message, ShouldRetry: false);

    private ArrayBufferWriter<byte> Body(Exchange exchange)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, Plain);
        exchange.Provider.WriteError(json, Status, Message, exchange.RequestId);
        json.Flush();
        return buffer;
    }
}
