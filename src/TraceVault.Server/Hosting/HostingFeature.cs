using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using TraceVault.Settings;

namespace TraceVault.Hosting;

internal static class HostingFeature
{
    /// <summary>Largest body that the management API accepts, in bytes; the proxy lifts the limit for its own requests.</summary>
    private const long MaxApiBodyBytes = 64 << 10;

    public static WebApplicationBuilder AddHosting(this WebApplicationBuilder builder, SettingsReader settings)
    {
        var options = settings.Read<HostingOptions>();
        builder.WebHost.UseUrls(ListeningUrls(options));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options));
        builder.WebHost.UseSockets(Configure);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, TransportBlocks>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<PublicUrl>();
        builder.Services.AddSingleton<DataDirectory>();
        builder.Services.AddSingleton<RefusedRequests>();
        builder.Services.AddSingleton<UnreadableRequests>();
        builder.Services.AddSingleton<Drain>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout);
        if (options.PublicUrl is { } url)
        {
            PublicUrl.Parse(url);
        }

        if (options.TrustedProxies is { } proxies)
        {
            builder.Services.Configure<ForwardedHeadersOptions>(forwarded => Trust(forwarded, proxies));
            Trust(new ForwardedHeadersOptions(), proxies);
        }

        return builder;
    }

    /// <summary>Believes the forwarding headers of the configured proxies, and of nobody else.</summary>
    public static void UseTrustedProxies(this WebApplication app)
    {
        app.WarnOfUntrustedProxy();
        if (app.Services.GetRequiredService<HostingOptions>().TrustedProxies is not null)
        {
            app.UseForwardedHeaders();
        }
    }

    /// <summary>Belongs before all endpoints, and after what a probe without a Host header may ask for.</summary>
    public static void UseUnreadableRequests(this WebApplication app)
    {
        var unreadable = app.Services.GetRequiredService<UnreadableRequests>();
        app.Use(next => context => unreadable.InvokeAsync(context, next));
    }

    /// <exception cref="StartupException">The server cannot listen on an address, or a certificate is missing or unreadable.</exception>
    public static async Task ListenAsync(this WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception problem) when (ListeningProblem.Explain(problem) is { } explanation)
        {
            await app.StopAsync(); // ends what has already started in an orderly way
            throw new StartupException(explanation);
        }
    }

    private static void Configure(KestrelServerOptions kestrel, HostingOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection =>
        {
            var socket = connection.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
            InlineSockets.Prefer(socket);
            KeepAlive.Enable(socket);
            return next(connection);
        }));
        kestrel.ConfigureHttpsDefaults(CertificateChain.SendWhole);
        kestrel.Limits.KeepAliveTimeout = options.IdleTimeout;
        kestrel.Limits.MaxRequestBodySize = MaxApiBodyBytes;
        // A client may read slowly: the proxy has its own limit. (It lifts the one for slow uploads itself.)
        kestrel.Limits.MinResponseDataRate = null;
        // Latin-1 maps every byte to itself, so values are forwarded as they came.
        kestrel.RequestHeaderEncodingSelector = name =>
            name.Equals("Connection", StringComparison.OrdinalIgnoreCase) ? ConnectionHeader.Instance : Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
    }

    private static void Configure(SocketTransportOptions sockets)
    {
        sockets.UnsafePreferInlineScheduling = true; // see InlineSockets
    }

    private static string[] ListeningUrls(HostingOptions options)
    {
        var urls = options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var url in urls)
        {
            var probe = url.Replace("//*", "//localhost", StringComparison.Ordinal)
                .Replace("//+", "//localhost", StringComparison.Ordinal);
            if (!Uri.TryCreate(probe, UriKind.Absolute, out var parsed)
                || parsed.Scheme is not ("http" or "https")
                || parsed.PathAndQuery != "/")
            {
                throw new StartupException(
                    "TRACEVAULT_URLS is invalid: it takes addresses such as http://127.0.0.1:3000, separated by ';'.");
            }
        }

        return urls.Length > 0 ? urls : throw new StartupException("TRACEVAULT_URLS is invalid: it names no address.");
    }

    private static void Trust(ForwardedHeadersOptions forwarded, string proxies)
    {
        forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        forwarded.ForwardLimit = null;
        foreach (var text in proxies.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (IPAddress.TryParse(text, out var address))
            {
                forwarded.KnownProxies.Add(address);
            }
            else if (System.Net.IPNetwork.TryParse(text, out var network))
            {
                forwarded.KnownIPNetworks.Add(network);
            }
            else
            {
                throw new StartupException(
                    "TRACEVAULT_TRUSTED_PROXIES is invalid: it takes addresses or networks such as 10.0.0.7 or 10.0.0.0/8, "
                    + "separated by ','.");
            }
        }
    }
}
