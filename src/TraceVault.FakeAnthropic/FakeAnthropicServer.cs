using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace TraceVault.FakeAnthropic;

/// <summary>
/// A fake of api.anthropic.com on a loopback port, which answers realistically, fails on request and remembers what arrived.
/// </summary>
public sealed class FakeAnthropicServer : IAsyncDisposable
{
    private readonly FakeAnthropicOptions _options;
    private readonly WebApplication _app;
    private readonly OpenConnections _connections = new();
    private readonly RequestLog _log;
    private readonly ConcurrentQueue<Fault[]> _faults = new();
    private int _answered;

    private FakeAnthropicServer(FakeAnthropicOptions options)
    {
        _options = options;
        _log = new RequestLog(options.MaxRecordedRequests);
        _app = Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>Origin, such as <c>http://127.0.0.1:40123/</c>; <c>localhost</c> under TLS, because certificates name it.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1/");

    /// <summary>What was recorded so far, oldest first.</summary>
    public IReadOnlyList<RecordedRequest> Requests => _log.Requests;

    public int OpenConnections => _connections.Count;

    /// <summary>TCP connections accepted since the start.</summary>
    public int TotalConnections => _connections.Total;

    /// <summary>
    /// When set, it answers every request in place of the realistic behaviour, and the fake adds no header.
    /// The body is received first, and can be read again, unless <see cref="FakeAnthropicOptions.ReadBodyFirst"/> is off.
    /// </summary>
    public Func<HttpContext, Task>? Handler { get; set; }

    public static async Task<FakeAnthropicServer> StartAsync(FakeAnthropicOptions? options = null, CancellationToken cancel = default)
    {
        var server = new FakeAnthropicServer(options ?? new());
        await server._app.StartAsync(cancel);
        var address = new Uri(server._app.Urls.First());
        server.Url = new UriBuilder(address) { Host = address.Scheme == Uri.UriSchemeHttps ? "localhost" : address.Host }.Uri;
        return server;
    }

    /// <summary>The next recorded request that no earlier call returned.</summary>
    /// <exception cref="System.Threading.Channels.ChannelClosedException">The fake was stopped.</exception>
    public Task<RecordedRequest> NextRequestAsync(CancellationToken cancel = default) => _log.NextAsync(cancel).AsTask();

    /// <summary>Completes when exactly <paramref name="count"/> connections are open.</summary>
    public Task WaitForConnectionsAsync(int count, CancellationToken cancel = default) => _connections.WaitAsync(count, cancel);

    /// <summary>All of these faults strike one request: the next under /v1/ for which no earlier faults are queued.</summary>
    public void EnqueueFault(params Fault[] faults) => _faults.Enqueue(faults);

    /// <summary>Resets all connections, as when the upstream dies.</summary>
    public void AbortConnections() => _connections.AbortAll();

    public async ValueTask DisposeAsync()
    {
        _log.Close();
        _connections.AbortAll();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .UseSockets(sockets => sockets.MaxWriteBufferSize = 1); // a flushed byte is with the kernel, so a cut loses none
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = _ => System.Text.Encoding.Latin1;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, _options.Port, Configure);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        return builder.Build();
    }

    private void Configure(ListenOptions listen)
    {
        listen.Protocols = !_options.Http2 ? HttpProtocols.Http1
            : _options.Certificate is null ? HttpProtocols.Http2
            : HttpProtocols.Http1AndHttp2;
        listen.Use(next => connection => _connections.TrackAsync(connection, next));
        if (_options.Certificate is { } certificate)
        {
            listen.UseHttps(certificate);
        }

        listen.Use(next => connection => RawConnection.UseAsync(connection, next));
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var raw = context.Features.Get<RawConnection>()?.TakeHead();
        var recorded = _options.Record ? new RecordedRequest(context, raw) : null;
        await using var cut = context.RequestAborted.UnsafeRegister(_ => recorded?.Abort(), null);
        await using var body = new BodyTap(
            context.Request.Body, _options.MaxRecordedBodyBytes, _options.Record, tap => Received(recorded, tap));
        try
        {
            await AnswerAsync(context, recorded, body);
        }
        catch (Exception gone) when (context.RequestAborted.IsCancellationRequested && gone is OperationCanceledException or IOException)
        {
            // The caller left, and judges for itself what it saw of the answer.
        }
        finally
        {
            Received(recorded, body);
            if (context.RequestAborted.IsCancellationRequested)
            {
                recorded?.Abort(); // the registration may be disposed before it has run
            }

            recorded?.Complete();
        }
    }

    private async Task AnswerAsync(HttpContext context, RecordedRequest? recorded, BodyTap body)
    {
        context.Request.Body = body;
        if (Handler is { } handler)
        {
            if (!_options.ReadBodyFirst)
            {
                Publish(recorded);
            }
            else
            {
                await ReceiveAsync(context, recorded, body);
                context.Request.Body = new MemoryStream(body.Kept.ToArray(), writable: false);
            }

            await handler(context);
            return;
        }

        var faults = context.Request.Path.StartsWithSegments("/v1") && _faults.TryDequeue(out var queued) ? queued : [];
        var exchange = new Exchange(context, _options, Interlocked.Increment(ref _answered), faults);
        if (await FakeApi.AnswerEarlyAsync(exchange))
        {
            Publish(recorded);
            return;
        }

        await ReceiveAsync(context, recorded, body);
        await FakeApi.AnswerAsync(exchange, body.Kept, body.BytesRead);
    }

    private async Task ReceiveAsync(HttpContext context, RecordedRequest? recorded, BodyTap body)
    {
        try
        {
            await body.CopyToAsync(Stream.Null, context.RequestAborted);
        }
        finally
        {
            Received(recorded, body);
            Publish(recorded);
        }
    }

    private static void Received(RecordedRequest? recorded, BodyTap body) => recorded?.SetBody(body.Kept, body.BytesRead, body.Sha256);

    private void Publish(RecordedRequest? recorded)
    {
        if (recorded is not null)
        {
            _log.Add(recorded);
        }
    }
}
