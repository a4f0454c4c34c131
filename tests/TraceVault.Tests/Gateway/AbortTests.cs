using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Capture.Taping;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

[Collection(nameof(Alone))]
public class AbortTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task A_client_that_leaves_before_the_headers_takes_the_upstream_request_with_it()
    {
        await using var rig = await ProxyRig.StartAsync();
        await TwiceAsync(rig, async () =>
        {
            rig.Upstream.EnqueueFault(Fault.Delay(Task.Delay(Timeout.InfiniteTimeSpan, Cancel)));
            using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var call = rig.SendAsync(ProxyRig.Message(), cancel: leave.Token);
            var arrived = await rig.Upstream.NextRequestAsync(Cancel);

            var left = Stopwatch.GetTimestamp();
            await leave.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            await arrived.Aborted.WaitAsync(Cancel);
            return Stopwatch.GetElapsedTime(left);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_client_that_leaves_in_the_stream_takes_the_upstream_request_with_it(int events)
    {
        await using var rig = await ProxyRig.StartAsync();
        await TwiceAsync(rig, async () =>
        {
            rig.Upstream.EnqueueFault(Fault.Reply(24), Fault.Silence(events, Task.Delay(Timeout.InfiniteTimeSpan, Cancel)));
            var answer = await rig.SendAsync(ProxyRig.Message(stream: true), cancel: Cancel);
            var arrived = await rig.Upstream.NextRequestAsync(Cancel);

            var left = Stopwatch.GetTimestamp();
            answer.Dispose();

            await arrived.Aborted.WaitAsync(Cancel);
            return Stopwatch.GetElapsedTime(left);
        });
    }

    [Fact]
    public async Task A_client_that_leaves_in_its_upload_takes_the_upstream_request_with_it()
    {
        await using var rig = await ProxyRig.StartAsync(new() { ReadBodyFirst = false });
        rig.Upstream.Handler = context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        using (var raw = await RawHttp.ConnectAsync(rig.Server.Url))
        {
            await raw.WriteAsync(
                $"POST /proxy/anthropic/v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {rig.Token}\r\nContent-Length: 1000000\r\n\r\n",
                Cancel);
            await raw.WriteAsync(new byte[500_000], Cancel);
            await rig.Upstream.NextRequestAsync(Cancel);
        }

        await rig.Upstream.WaitForConnectionsAsync(0, Cancel);
        await rig.Server.Log.WaitForAsync("client_left", Cancel);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    public async Task An_upstream_that_dies_in_the_stream_breaks_the_clients_connection(int events, bool fin)
    {
        await using var rig = await ProxyRig.StartAsync();
        var received = new TaskCompletionSource();
        rig.Upstream.EnqueueFault(
            Fault.Reply(24),
            Fault.Silence(events, received.Task),
            Fault.CutMidEvent(events, fin)); // a reset may overtake what was sent just before
        using var raw = await RawHttp.ConnectAsync(rig.Server.Url);
        var body = await ProxyRig.Message(stream: true).ReadAsStringAsync(Cancel);

        await raw.WriteAsync(
            $"POST /proxy/anthropic/v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {rig.Token}\r\nanthropic-version: 2023-06-01\r\n"
                + $"content-type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}",
            Cancel);
        var head = await raw.ReadUntilAsync(events == 0 ? "\r\n\r\n" : "event: ", Cancel);
        received.SetResult();
        var rest = await raw.ReadAsync(Cancel);

        Assert.StartsWith("HTTP/1.1 200 ", head);
        Assert.DoesNotContain("\r\n0\r\n\r\n", rest.Text); // no last chunk: not a clean end
        await rig.Server.Log.WaitForAsync("upstream_died", Cancel);
    }

    [Fact]
    public async Task An_upstream_that_dies_in_a_body_of_known_length_breaks_the_clients_connection()
    {
        await using var rig = await ProxyRig.StartAsync();
        var received = new TaskCompletionSource();
        rig.Upstream.Handler = async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.Body.WriteAsync(new byte[500], Cancel);
            await context.Response.Body.FlushAsync(Cancel);
            await received.Task.WaitAsync(Cancel); // a reset may overtake what was sent just before
            context.Abort();
        };

        using var answer = await rig.SendAsync(cancel: Cancel);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancel);
        await body.ReadExactlyAsync(new byte[500], Cancel);
        received.SetResult();

        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null, Cancel));
    }

    [Fact]
    public async Task A_thousand_aborts_leave_no_connection_no_permit_and_no_memory_behind()
    {
        const int Cap = 8;
        await using var rig = await ProxyRig.StartAsync(new() { Record = false }, maxConcurrent: 256, settings: "--LogLevel=Warning");
        using var ended = new EndedConnections(rig.Server.Url.Port);
        rig.Upstream.Handler = HoldAsync;

        await AbortAsync(rig, ended, 200);
        var grown = new List<long>();
        for (var round = 0; round < 5; round++)
        {
            await RecordedAsync(rig);
            var before = Memory();
            await AbortAsync(rig, ended, 1000);
            await RecordedAsync(rig);
            grown.Add(Memory() - before);
        }

        // Pools grow in some rounds, on a busy machine in three of them; what is left behind adds up in every round.
        Assert.True(grown.Order().ElementAt(1) < 256 << 10, $"The heap grew by {string.Join(", ", grown)} bytes.");
        // A permit left behind would refuse one of these requests, and the others would wait for it in vain.
        await rig.Server.StoreKeyAsync(rig.Token, maxConcurrent: Cap);
        var (arrived, all) = (0, new TaskCompletionSource());
        rig.Upstream.Handler = context => !HttpMethods.IsPost(context.Request.Method) ? HoldAsync(context)
            : Interlocked.Increment(ref arrived) < Cap ? all.Task.WaitAsync(context.RequestAborted) : Task.Run(all.SetResult, Cancel);
        var answers = await Task.WhenAll(Enumerable.Range(0, Cap).Select(_ => rig.CallAsync(cancel: Cancel)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        // A server that stops closes the connections that it keeps for later. A connection that still belonged to a request would stay.
        await rig.Server.StopAsync();
        await rig.Upstream.WaitForConnectionsAsync(0, Cancel);
    }

    private static async Task AbortAsync(ProxyRig rig, EndedConnections ended, int count)
    {
        var all = ended.NextAsync(count);
        await Parallel.ForAsync(
            0, count, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Cancel }, async (i, cancel) =>
            {
                using var raw = await RawHttp.ConnectAsync(rig.Server.Url);
                var started = i % 2 == 0;
                await raw.WriteAsync(
                    $"GET /proxy/anthropic/v1/messages{(started ? "?started" : "")} HTTP/1.1\r\nHost: x\r\nx-api-key: {rig.Token}\r\n\r\n",
                    cancel);
                if (started)
                {
                    await raw.ReadUntilAsync("event: ping", cancel);
                }

                raw.Socket.LingerState = new(true, 0);
            });
        await all.WaitAsync(Cancel);
    }

    private static async Task HoldAsync(HttpContext context)
    {
        if (context.Request.Query.ContainsKey("started"))
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("event: ping\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
    }

    /// <summary>Waits until nothing waits to be recorded: that takes memory for a moment.</summary>
    private static async Task RecordedAsync(ProxyRig rig)
    {
        var (running, cancel) = (rig.Server.Services.GetRequiredService<RunningExchanges>(), Cancel);
        while (!running.IsEmpty)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancel);
        }
    }

    private static long Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>
    /// The first exception on a path costs the runtime more than a second on a busy machine, so the second departure is the one that is
    /// measured.
    /// </summary>
    private static async Task TwiceAsync(ProxyRig rig, Func<Task<TimeSpan>> leaveAsync)
    {
        await leaveAsync();
        Assert.InRange(await leaveAsync(), TimeSpan.Zero, Second);

        await rig.Upstream.WaitForConnectionsAsync(0, Cancel);
        await rig.Server.Log.WaitForAsync("client_left", Cancel);
    }

    /// <summary>Counts the clients' connections that a server has finished with, by the web server's own meter.</summary>
    private sealed class EndedConnections : IDisposable
    {
        private readonly MeterListener _listener = new();
        private TaskCompletionSource _reached = new();
        private int _left;

        public EndedConnections(int port)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "kestrel.connection.duration")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
            {
                foreach (var (name, value) in tags)
                {
                    if (name == "server.port" && port.Equals(value) && Interlocked.Decrement(ref _left) == 0)
                    {
                        _reached.SetResult();
                    }
                }
            });
            _listener.Start();
        }

        /// <summary>Completes when this many more connections have ended.</summary>
        public Task NextAsync(int count)
        {
            _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _left, count);
            return _reached.Task;
        }

        public void Dispose() => _listener.Dispose();
    }
}
