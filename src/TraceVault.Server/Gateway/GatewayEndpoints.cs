using Microsoft.AspNetCore.Http.HttpResults;

namespace TraceVault.Gateway;

/// <summary>
/// Answers what Claude Code asks of a gateway that it is signed in to. Nothing is kept or forwarded, so no credential is needed.
/// </summary>
internal static class GatewayEndpoints
{
    /// <summary>The largest telemetry batch that is read to its end, in bytes.</summary>
    public const int MaxTelemetryBytes = 4 << 20;

    public static ProblemHttpResult NoSettings() =>
        TypedResults.Problem("This server manages no settings of Claude Code.", statusCode: StatusCodes.Status404NotFound);

    /// <summary>
    /// Takes telemetry and drops it: an OTLP exporter that is refused would report an error for every batch
    /// (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
    /// </summary>
    public static async Task<ContentHttpResult> DropTelemetryAsync(HttpRequest request, CancellationToken cancel)
    {
        await request.Body.CopyToAsync(Stream.Null, cancel);
        return TypedResults.Content("{}", "application/json");
    }
}
