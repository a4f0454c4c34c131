using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using TraceVault.Hosting;

namespace TraceVault.Providers.Anthropic;

/// <summary>
/// Answers what Claude Code asks of a gateway besides the API (https://code.claude.com/docs/en/llm-gateway-protocol). Nothing is kept or
/// forwarded, so no credential is needed.
/// </summary>
internal static class ClaudeCodeEndpoints
{
    /// <summary>The largest telemetry batch that is read to its end, in bytes.</summary>
    public const int MaxTelemetryBytes = 4 << 20;

    private const string Settings = "/managed/settings";

    private static readonly string[] Signals = ["/v1/metrics", "/v1/logs", "/v1/traces"];

    public static void AddClaudeCode(this IServiceCollection services) =>
        services.AddReservedPaths(AnthropicProvider.Base, [Settings, .. Signals]);

    public static void MapClaudeCode(this WebApplication app)
    {
        var gateway = app.MapGroup(AnthropicProvider.Base);
        gateway.MapGet(Settings, NoSettings);
        foreach (var signal in Signals)
        {
            gateway.MapPost(signal, DropTelemetryAsync).WithMetadata(new SizeLimit(MaxTelemetryBytes));
        }
    }

    private static ProblemHttpResult NoSettings() =>
        TypedResults.Problem("This server manages no settings of Claude Code.", statusCode: StatusCodes.Status404NotFound);

    /// <summary>
    /// Takes telemetry and drops it: an OTLP exporter that is refused would report an error for every batch
    /// (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
    /// </summary>
    private static async Task<ContentHttpResult> DropTelemetryAsync(HttpRequest request, CancellationToken cancel)
    {
        await request.Body.CopyToAsync(Stream.Null, cancel);
        return TypedResults.Content("{}", "application/json");
    }

    private sealed record SizeLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
