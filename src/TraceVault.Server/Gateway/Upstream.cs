using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TraceVault.Hosting;
using TraceVault.Providers;

namespace TraceVault.Gateway;

/// <summary>The one host to which a provider's requests and keys are sent, and the connections to it.</summary>
internal sealed class Upstream : IDisposable
{
    private static readonly UriCreationOptions AsGiven = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private static readonly HttpRequestOptionsKey<Socket> OfConnection = new("socket");

    private readonly ProxyOptions _proxy;
    private readonly int _index;
    private readonly Dialing _dialing;
    private readonly IWebProxy? _through;
    private readonly string _prefix;
    private readonly TimeProvider _clock;
    private readonly ConcurrentBag<HttpMessageInvoker> _clients = [];
    private readonly HttpMessageInvoker? _shared;
    private volatile Target? _last;

    /// <param name="provider">Whose host it is.</param>
    /// <param name="index">Its place among the upstreams of this server, see <see cref="CallerState.Clients"/>.</param>
    /// <param name="proxy">Time-outs and the version of HTTP.</param>
    /// <param name="dialing">How connections are made.</param>
    /// <param name="clock">The source of time.</param>
    public Upstream(Provider provider, int index, ProxyOptions proxy, Dialing dialing, TimeProvider clock)
    {
        (Provider, _index, _proxy, _dialing, _clock) = (provider, index, proxy, dialing, clock);
        var url = provider.Address;
        _prefix = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _through = UpstreamProxy.Of(url, Environment.GetEnvironmentVariable);
        Name = $"{url.Host}:{url.Port}{(_through is WebProxy { Address: { } by } ? $" (through the proxy {by.Host}:{by.Port})" : "")}";
        HttpVersion = proxy.UpstreamHttpVersion == "2" ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11;
        _shared = HttpVersion.Major == 2 ? Connect() : null;
    }

    /// <summary>
    /// The connections for a user's requests. Over HTTP/1.1 nobody else uses them: bytes that an upstream sends after an answer could be
    /// taken for the next answer, which must not be another user's. Over HTTP/2 all users share them, because each answer says which
    /// request it is for. Decision 26 gives the cost.
    /// </summary>
    public HttpMessageInvoker ClientOf(CallerState user)
    {
        if ((_shared ?? user.Clients[_index]) is { } client)
        {
            return client;
        }

        lock (user)
        {
            return user.Clients[_index] ??= Connect();
        }
    }

    /// <summary>A new client with connections of its own. The caller has to dispose of it.</summary>
    public HttpMessageInvoker Once() => new(Handler(), disposeHandler: true);

    public Provider Provider { get; }

    /// <summary>Host and port, for the operator.</summary>
    public string Name { get; }

    /// <summary>The only version of HTTP that is spoken to the upstream.</summary>
    public Version HttpVersion { get; }

    /// <summary>
    /// The address of a raw path and query, which stay as they are, byte for byte. The last one is kept, because nearly all requests ask
    /// for the same and parsing an address is expensive.
    /// </summary>
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

    public void Dispose()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }
    }

    private sealed record Target(string PathAndQuery, Uri Address);

    private HttpMessageInvoker Connect()
    {
        var client = Once();
        _clients.Add(client);
        return client;
    }

    private SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false, // so that no other host sees the key
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null, // no trace headers of ours
        ConnectTimeout = _dialing.Limit,
        ConnectCallback = (context, cancel) => ConnectAsync(_dialing, context, cancel),
        PlaintextStreamFilter = Connected,
        PooledConnectionIdleTimeout = _proxy.UpstreamIdleTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that a changed DNS record is noticed; running exchanges go on
        EnableMultipleHttp2Connections = true,
        // An answer that nobody waits for any more is cut off at once. Reading on for two more seconds would cost the user money.
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
        SslOptions = { RemoteCertificateValidationCallback = UpstreamFailure.Verify },
        UseProxy = _through is not null,
        Proxy = _through,
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    };

    private static async ValueTask<Stream> ConnectAsync(Dialing dialing, SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = await dialing.ConnectAsync(context.DnsEndPoint, cancel);
        context.InitialRequestMessage.Options.Set(OfConnection, socket);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>
    /// Lets the socket be handled inline, but only now that TLS is established: checking its certificates may wait for the servers of their
    /// issuers.
    /// </summary>
    private ValueTask<Stream> Connected(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancel)
    {
        if (context.InitialRequestMessage.Options.TryGetValue(OfConnection, out var socket)) // unknown through an HTTPS_PROXY
        {
            InlineSockets.Prefer(socket);
        }

        var isTunnel = context.InitialRequestMessage.Method == HttpMethod.Connect; // to a proxy; TLS to the upstream comes on top
        return ValueTask.FromResult(isTunnel
            || _shared is not null ? context.PlaintextStream : new UpstreamStream(context.PlaintextStream, socket, _clock));
    }
}
