using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Hosting;

namespace TraceVault.Operations;

/// <summary>Who may read <c>/metrics</c>: this machine itself while people use the server on this machine alone, and who shows the metrics token.</summary>
internal sealed class MetricsAccess(OperationsOptions options, PublicUrl publicUrl) : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        Allows(context.HttpContext) ? next(context) : ValueTask.FromResult<object?>(Refusal());

    public bool Allows(HttpContext context) => IsFromThisMachine(context) || ShowsToken(context.Request);

    public static ProblemHttpResult Refusal() => TypedResults.Problem(
        "Metrics are read with `Authorization: Bearer` and the value of TRACEVAULT_METRICS_TOKEN; without it only on this machine, while TRACEVAULT_PUBLIC_URL is an address of this machine.", statusCode: StatusCodes.Status401Unauthorized);

    /// <summary>Behind a reverse proxy on this machine everybody's connection comes from it; a page under a foreign name that points here (DNS rebinding) runs on it.</summary>
    private bool IsFromThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && PublicUrl.IsLoopback(new Uri(publicUrl.Origin).Host) && PublicUrl.IsLoopback(context.Request.Host.Host)
        && !Forwarding.IsLikely(context.Request);

    private bool ShowsToken(HttpRequest request) => options.MetricsToken is { } token
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString())), SHA256.HashData(Encoding.UTF8.GetBytes("Bearer " + token)));
}
