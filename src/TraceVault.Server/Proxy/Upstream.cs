using System.Net;
using System.Net.Sockets;
using System.Text;
using TraceVault.Hosting;
using TraceVault.Settings;

namespace TraceVault.Proxy;

/// <summary>The one host that requests and keys are sent to, and the connections to it.</summary>
internal sealed class Upstream : IDisposable
{
    private static readonly UriCreationOptions AsGiven = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private static readonly HttpRequestOptionsKey<Socket> OfConnection = new("socket");

    private readonly string _prefix;
    private volatile Target? _last;

    public Upstream(UpstreamOptions options, ProxyOptions proxy, Dialing dialing)
    {
        var url = Parse(options.AnthropicUrl);
        _prefix = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        var through = UpstreamProxy.Of(url, Environment.GetEnvironmentVariable);
        Name = $"{url.Host}:{url.Port}{(through is WebProxy { Address: { } by } ? $" (through the proxy {by.Host}:{by.Port})" : "")}";
        Client = new HttpMessageInvoker(Handler(proxy, dialing, through), disposeHandler: true);
        HttpVersion = proxy.UpstreamHttpVersion == "2" ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11;
    }

    public HttpMessageInvoker Client { get; }

    /// <summary>Host and port, for the operator.</summary>
    public string Name { get; }

    /// <summary>The one version spoken.</summary>
    public Version HttpVersion { get; }

    /// <summary>The address of a raw path and query, which stay as they are, byte for byte. Nearly all requests ask for the same, and reading one is dear.</summary>
    public Uri AddressOf(string pathAndQuery)
    {
        if (_last is { } last && last.PathAndQuery == pathAndQuery)
        {
            return last.Address;
        }

        var address = new Uri(_prefix + pathAndQuery, AsGiven);
        _last = new Target(pathAndQuery, address);
        return address;
    }

    public void Dispose() => Client.Dispose();

    private sealed record Target(string PathAndQuery, Uri Address);

    private static SocketsHttpHandler Handler(ProxyOptions proxy, Dialing dialing, IWebProxy? through) => new()
    {
        AllowAutoRedirect = false, // the key is seen by no second host
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null, // no trace headers of ours
        ConnectTimeout = dialing.Limit,
        ConnectCallback = (context, cancel) => ConnectAsync(dialing, context, cancel),
        PlaintextStreamFilter = Connected,
        PooledConnectionIdleTimeout = proxy.UpstreamIdleTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that a changed DNS record is seen; running exchanges go on
        EnableMultipleHttp2Connections = true,
        // An answer that nobody waits for is cut off, not read to its end for two more seconds that the user pays for.
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
        SslOptions = { RemoteCertificateValidationCallback = UpstreamFailure.Verify },
        UseProxy = through is not null,
        Proxy = through,
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    };

    private static async ValueTask<Stream> ConnectAsync(Dialing dialing, SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = await dialing.ConnectAsync(context.DnsEndPoint, cancel);
        context.InitialRequestMessage.Options.Set(OfConnection, socket);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Now, and not before: checking the certificates of TLS may wait for their issuers' servers.</summary>
    private static ValueTask<Stream> Connected(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancel)
    {
        if (context.InitialRequestMessage.Options.TryGetValue(OfConnection, out var socket)) // not through an HTTPS_PROXY
        {
            InlineSockets.Prefer(socket);
        }

        return ValueTask.FromResult(context.PlaintextStream);
    }

    private static Uri Parse(string text)
    {
        const string Name = "TRACEVAULT_ANTHROPIC_URL";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0
            || url is not { Query: "", Fragment: "", UserInfo: "" })
        {
            throw new StartupException($"{Name} is invalid: it takes an address such as https://api.anthropic.com.");
        }

        return url.Scheme == Uri.UriSchemeHttps || url.IsLoopback
            ? url
            : throw new StartupException($"{Name} is invalid: over http the users' keys would be readable on the network; use https (http is taken for a loopback address only).");
    }
}
