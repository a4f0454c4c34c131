using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Hosting;

namespace TraceVault.Operations;

/// <summary>
/// Who may read <c>/metrics</c>: whoever shows the metrics token, and this machine itself as long as the public address is one of this
/// machine.
/// </summary>
internal sealed class MetricsAccess(OperationsOptions options, PublicUrl publicUrl) : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        Allows(context.HttpContext) ? next(context) : ValueTask.FromResult<object?>(Refusal());

    public bool Allows(HttpContext context) => IsFromThisMachine(context) || ShowsToken(context.Request);

    public static ProblemHttpResult Refusal() => TypedResults.Problem(
        "To read the metrics, send `Authorization: Bearer` and the value of TRACEVAULT_METRICS_TOKEN. "
        + "Without it they can be read only on this machine, while TRACEVAULT_PUBLIC_URL is an address of this machine.",
        statusCode: StatusCodes.Status401Unauthorized);

    /// <summary>
    /// The address of the connection is not enough: a reverse proxy on this machine connects from it for everybody, and so does a browser
    /// on this machine for a page under a foreign name that points here (DNS rebinding).
    /// </summary>
    private bool IsFromThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && PublicUrl.IsLoopback(new Uri(publicUrl.Origin).Host) && PublicUrl.IsLoopback(context.Request.Host.Host)
        && !Forwarding.IsLikely(context.Request);

    private bool ShowsToken(HttpRequest request) => options.MetricsToken is { } token
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString())),
            SHA256.HashData(Encoding.UTF8.GetBytes("Bearer " + token)));
}
