using Microsoft.AspNetCore.Http.HttpResults;

namespace TraceVault.Gateway;

/// <summary>
/// What Claude Code asks of a gateway that it signed in to. Nothing of it is kept or forwarded, so that no credential is needed.
/// </summary>
internal static class GatewayEndpoints
{
    /// <summary>Largest telemetry batch that is read to its end, in bytes.</summary>
    public const int MaxTelemetryBytes = 4 << 20;

    public static ProblemHttpResult NoSettings() =>
        TypedResults.Problem("This server manages no settings of Claude Code.", statusCode: StatusCodes.Status404NotFound);

    /// <summary>
    /// An OTLP exporter that is refused would write an error at each of its batches
    /// (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
    /// </summary>
    public static async Task<ContentHttpResult> DropTelemetryAsync(HttpRequest request, CancellationToken cancel)
    {
        await request.Body.CopyToAsync(Stream.Null, cancel);
        return TypedResults.Content("{}", "application/json");
    }
}
