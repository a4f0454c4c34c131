using System.Net.Http.Headers;
using System.Text.Json;
using TraceVault.Keys;
using TraceVault.Settings;

namespace TraceVault.Providers.Anthropic;

/// <summary>Anthropic's API (https://docs.anthropic.com/en/api/overview).</summary>
internal sealed class AnthropicProvider(AnthropicOptions options, AnthropicLimitsOptions limits) : Provider
{
    /// <summary>For code that is about Anthropic in particular: its page, its endpoints, the demo.</summary>
    public const string Id = "anthropic", Base = "/proxy/anthropic";

    /// <summary>The list of models: it costs nothing, and Anthropic answers it only for a key that it accepts.</summary>
    public const string TestPath = "/v1/models";

    private const string Setting = "TRACEVAULT_ANTHROPIC_URL";

    public override string Name => Id;

    public override string Title => "Anthropic";

    public override string BasePath => Base;

    public override Uri Address { get; } = Read(options.AnthropicUrl);

    public override string AddressSetting => Setting;

    public override string RequestIdHeader => "request-id";

    /// <remarks>Clients send an API key in it, and an auth token as <c>Authorization: Bearer</c>.</remarks>
    public override string TokenHeader => "x-api-key";

    public override string ClientSignIn => "/login in Claude Code";

    public override string OneCredential => "unset ANTHROPIC_API_KEY when ANTHROPIC_AUTH_TOKEN is set";

    public override string TestTarget => TestPath + "?limit=1";

    public override bool IsProbe(ReadOnlySpan<char> path) => path is "" or "/" or "/api/hello";

    public override ReadOnlyMemory<byte> ProbeAnswer { get; } = """{"message":"hello"}"""u8.ToArray();

    public override bool PassesOut(string header) => AnthropicHeaders.PassOut(header);

    public override bool PassesBack(string header) => AnthropicHeaders.PassBack(header);

    public override void WriteCredential(HttpRequestHeaders to, ProviderKey key) => to.TryAddWithoutValidation("x-api-key", key.Reveal());

    public override void WriteTestHeaders(HttpRequestHeaders to) => to.TryAddWithoutValidation("anthropic-version", "2023-06-01");

    /// <remarks>The envelope and its types: https://docs.anthropic.com/en/api/errors</remarks>
    public override void WriteError(Utf8JsonWriter json, int status, string message, string requestId)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, ErrorType(status));
        json.WriteString("message"u8, message);
        json.WriteEndObject();
        json.WriteString("request_id"u8, requestId);
        json.WriteEndObject();
    }

    /// <remarks>Without it, Claude Code repeats some errors for minutes.</remarks>
    public override void ForbidRetry(IHeaderDictionary to) => to["x-should-retry"] = "false";

    public override string? ErrorMessage(string body)
    {
        try
        {
            return JsonElement.Parse(body).GetProperty("error").GetProperty("message").GetString();
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <remarks>Anthropic refuses an unknown key with 401, before it looks at anything else.</remarks>
    public override bool? KeyVerdict(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => false,
        >= 200 and < 300 => true,
        _ => null,
    };

    public override string? KeyProblem(string text) => AnthropicKeyRule.Problem(text);

    public override int? MaxBytesFor(string target)
    {
        var path = target.AsSpan();
        if (path.IndexOf('?') is >= 0 and var question)
        {
            path = path[..question];
        }

        return path is "/v1/messages/batches" ? limits.MaxBatchBytes : path is "/v1/files" ? limits.MaxFileBytes : null;
    }

    private static string ErrorType(int status) => status switch
    {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        _ => "api_error",
    };

    private static Uri Read(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0
            || url is not { Query: "", Fragment: "", UserInfo: "" })
        {
            throw new StartupException($"{Setting} is invalid: it takes an address such as https://api.anthropic.com.");
        }

        return url.Scheme == Uri.UriSchemeHttps || url.IsLoopback
            ? url
            : throw new StartupException(
                $"{Setting} is invalid: over http the users' keys would be readable on the network; use https (http is "
                    + "accepted only for a loopback address).");
    }
}
