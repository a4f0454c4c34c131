using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;

namespace TraceVault.Operations;

/// <summary>Who may read <c>/metrics</c>: this machine itself, and who shows the metrics token.</summary>
internal sealed class MetricsAccess(OperationsOptions options) : IEndpointFilter
{
    /// <summary>What a reverse proxy on this machine adds: behind it everybody's connection comes from loopback.</summary>
    private static readonly string[] ForwardingHeaders = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-For", "X-Original-Proto", "X-Real-IP", "Forwarded", "Via"];

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        Allows(context.HttpContext) ? next(context) : ValueTask.FromResult<object?>(Refusal());

    public bool Allows(HttpContext context) => IsFromThisMachine(context) || ShowsToken(context.Request);

    public static ProblemHttpResult Refusal() => TypedResults.Problem(
        "Metrics are read from this machine, or with `Authorization: Bearer` and the value of TRACEVAULT_METRICS_TOKEN.", statusCode: StatusCodes.Status401Unauthorized);

    private static bool IsFromThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && !ForwardingHeaders.Any(context.Request.Headers.ContainsKey);

    private bool ShowsToken(HttpRequest request) => options.MetricsToken is { } token
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString())), SHA256.HashData(Encoding.UTF8.GetBytes("Bearer " + token)));
}
