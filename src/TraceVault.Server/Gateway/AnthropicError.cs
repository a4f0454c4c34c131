using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using TraceVault.Accounts;

namespace TraceVault.Gateway;

/// <summary>
/// An error of the proxy's own, in the envelope of Anthropic's (https://docs.anthropic.com/en/api/errors) so that clients understand it,
/// and with <c>x-tracevault-error</c> so that nobody mistakes it for theirs.
/// </summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type">The envelope's <c>error.type</c>.</param>
/// <param name="Code">Value of <c>x-tracevault-error</c>.</param>
/// <param name="Message">A sentence that says what to do next and holds no internals.</param>
/// <param name="ShouldRetry">False sends <c>x-should-retry: false</c>, without which Claude Code repeats some errors for minutes.</param>
/// <param name="RetryAfter">Seconds to wait, when waiting helps.</param>
internal sealed record AnthropicError(int Status, string Type, string Code, string Message, bool ShouldRetry, int? RetryAfter = null)
{
    public const string CodeHeader = "x-tracevault-error", RequestIdHeader = "x-tracevault-request-id";

    /// <summary>No HTML ever holds these answers, so that quotes may stand as they are.</summary>
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly AnthropicError MissingToken = Final(401, "authentication_error", "missing_token",
        "No TraceVault token was sent. Sign in with `tracevault login`, then send the token as `Authorization: Bearer` or `x-api-key`.");

    public static readonly AnthropicError InvalidToken = Final(401, "authentication_error", "invalid_token",
        "This TraceVault token is not known, or it was ended or revoked. Sign in again as you did before: with `tracevault login`, or with /login in Claude Code; for a program, make another proxy token.");

    public static readonly AnthropicError ConflictingTokens = Final(401, "authentication_error", "conflicting_tokens",
        "Two different tokens were sent. Send one TraceVault token; unset ANTHROPIC_API_KEY when ANTHROPIC_AUTH_TOKEN is set.");

    public static readonly AnthropicError KeyUnreadable = Final(500, "api_error", "key_unreadable",
        "Your stored Anthropic key cannot be opened. Store it again with `tracevault key set`, or ask the server's administrator to restore its master key.");

    public static readonly AnthropicError BadPath = Final(400, "invalid_request_error", "bad_path",
        "This path is not forwarded: it has dot segments, empty segments or encoded separators. Send it in its plain form.");

    public static readonly AnthropicError BadMethod = BadPath with
    {
        Message = "This method is not forwarded. Send the one that the API documents, in capitals: CONNECT and TRACE are not taken.",
    };

    public static readonly AnthropicError TooManyRequests = new(429, "rate_limit_error", "too_many_requests",
        "You have as many requests running as your concurrency cap allows. Wait for one to end, or raise it with `tracevault key set --max-concurrent`.", true, 1);

    public static readonly AnthropicError Unavailable = new(503, "api_error", "unavailable",
        "TraceVault cannot check your session at this moment. Try again in a few seconds.", true, 2);

    public static readonly AnthropicError Draining = Unavailable with { Message = "This TraceVault server is shutting down. Try again in a few seconds." };

    public static readonly AnthropicError UpstreamUnreachable = new(502, "api_error", "upstream_unreachable",
        "TraceVault could not reach Anthropic. Try again; if it persists, ask the server's administrator to check its network.", true);

    public static readonly AnthropicError UpstreamBroke = UpstreamUnreachable with
    {
        Message = "The connection to Anthropic ended before its answer could be read. The request may have been carried out; send it again if that does no harm.",
    };

    public static readonly AnthropicError UpstreamTimeout = new(504, "timeout_error", "upstream_timeout",
        "Anthropic did not answer in time. Try again.", true);

    public static readonly AnthropicError Internal = new(500, "api_error", "internal_error",
        "TraceVault made a mistake. Try again; if it persists, give the server's administrator the request id below: the log says more.", true);

    public static AnthropicError ExpiredToken(TokenKind kind, DateTimeOffset? expiredAt) => Final(401, "authentication_error", "expired_token", kind is TokenKind.Session
        ? $"This TraceVault session expired at {expiredAt:yyyy-MM-ddTHH:mm:ssZ}. Sign in again as you did before: with `tracevault login`, or with /login in Claude Code."
        : $"This TraceVault proxy token expired at {expiredAt:yyyy-MM-ddTHH:mm:ssZ}. Run `tracevault login` and use `tracevault proxy token`, or make another proxy token.");

    public static AnthropicError NoKey(string publicOrigin) => Final(403, "permission_error", "no_key",
        $"No Anthropic key is stored for you. Store one with `tracevault key set` or at {publicOrigin}/me/proxy.");

    public static AnthropicError TooLarge(int maxBytes) => Final(413, "request_too_large", "too_large",
        $"The request body is larger than the {maxBytes} bytes that this server takes.");

    /// <summary>Answers the exchange with this error. No answer may have begun.</summary>
    public async Task WriteAsync(Exchange exchange)
    {
        var response = exchange.Context.Response;
        var body = Body(exchange.RequestId);
        response.Clear();
        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        response.Headers[CodeHeader] = Code;
        response.Headers[RequestIdHeader] = exchange.RequestId;
        if (!ShouldRetry)
        {
            response.Headers["x-should-retry"] = "false";
        }

        if (RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        exchange.MarkFirstByte();
        await response.Body.WriteAsync(body.WrittenMemory, exchange.Context.RequestAborted);
        exchange.BytesOut = body.WrittenCount;
    }

    private static AnthropicError Final(int status, string type, string code, string message) => new(status, type, code, message, ShouldRetry: false);

    private ArrayBufferWriter<byte> Body(string requestId)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, Plain);
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, Type);
        json.WriteString("message"u8, Message);
        json.WriteEndObject();
        json.WriteString("request_id"u8, requestId);
        json.WriteEndObject();
        json.Flush();
        return buffer;
    }
}
