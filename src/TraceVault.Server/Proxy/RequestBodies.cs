using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace TraceVault.Proxy;

/// <summary>Makes the bodies of a proxied request ready.</summary>
internal static class RequestBodies
{
    /// <summary>Lifts limits of Kestrel's that are the management API's: of size, which would also cut short the reading of what we refuse, and of speed.</summary>
    public static void Lift(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    public static void Tap(Exchange exchange, ProxyOptions options)
    {
        var context = exchange.Context;
        // No protocol upgrades, by HTTP/1.1 or by HTTP/2 (RFC 8441): what follows one would not be an exchange any more.
        Remove<IHttpUpgradeFeature>(context.Features);
        Remove<IHttpExtendedConnectFeature>(context.Features);
        if (context.Request.ContentLength == 0)
        {
            context.Features.Set<IHttpRequestBodyDetectionFeature>(EmptyBody.Instance);
        }

        context.Request.Body = new RequestBodyTap(context.Request.Body, exchange, options.MaxBodyBytes);
        context.Response.Body = new ResponseBodyTap(context.Response.Body, exchange);
    }

    private static void Remove<TFeature>(IFeatureCollection features)
    {
        if (features.Get<TFeature>() is not null)
        {
            features.Set<TFeature>(default);
        }
    }

    /// <summary>A body of length 0 is one: else the forwarder would drop its length and its type.</summary>
    private sealed class EmptyBody : IHttpRequestBodyDetectionFeature
    {
        public static readonly EmptyBody Instance = new();

        public bool CanHaveBody => true;
    }
}
