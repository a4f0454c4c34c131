using Microsoft.AspNetCore.Http.Features;

namespace TraceVault.Proxy;

/// <summary>Makes the bodies of a proxied request ready.</summary>
internal static class RequestBodies
{
    /// <summary>Lifts Kestrel's own limit, which is the management API's. It would also cut short the reading of what we refuse, before the client sees why.</summary>
    public static void Lift(HttpContext context) =>
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;

    public static void Tap(Exchange exchange, ProxyOptions options)
    {
        var context = exchange.Context;
        // No protocol upgrades: what follows one would not be an exchange any more.
        context.Features.Set<IHttpUpgradeFeature>(null);
        context.Request.Body = new RequestBodyTap(context.Request.Body, exchange, context.Request.ContentLength, options.MaxBodyBytes);
        context.Response.Body = new ResponseBodyTap(context.Response.Body, exchange);
    }
}
