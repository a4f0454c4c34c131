using System.Diagnostics;
using System.Globalization;
using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace TraceVault.Bench;

/// <summary>
/// YARP's forwarder and nothing else: takes the prefix off the path, puts a key on, forwards. <c>bare-yarp PORT UPSTREAM KEY</c>
/// </summary>
internal static class Program
{
    private const string Prefix = "/proxy/anthropic";

    private static async Task Main(string[] args)
    {
        var (port, upstream, key) = (int.Parse(args[0], CultureInfo.InvariantCulture), args[1], args[2]);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders(); // with the console's, each request costs five times as much
        builder.Services.AddHttpForwarder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
        });

        await using var app = builder.Build();
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        };
        using var client = new HttpMessageInvoker(handler);
        var request = new ForwarderRequestConfig
        {
            ActivityTimeout = TimeSpan.FromMinutes(10),
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact
        };
        var transformer = new KeyTransformer(Prefix, key);
        app.Map(Prefix + "/{**rest}", async context => await forwarder.SendAsync(context, upstream, client, request, transformer));
        await app.RunAsync();
    }

    private sealed class KeyTransformer(string prefix, string key) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            httpContext.Request.Path.StartsWithSegments(prefix, StringComparison.Ordinal, out var rest);
            proxyRequest.RequestUri = RequestUtilities.MakeDestinationAddress(destinationPrefix, rest, httpContext.Request.QueryString);
            proxyRequest.Headers.Host = null;
            proxyRequest.Headers.Remove("x-api-key");
            proxyRequest.Headers.TryAddWithoutValidation("x-api-key", key);
        }
    }
}
