using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

[Collection(nameof(First))]
public class StreamingTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task Each_event_reaches_the_client_before_the_upstream_produces_the_next()
    {
        await using var rig = await ProxyRig.StartAsync();
        var events = SseScript.Events(20);
        using var received = new SemaphoreSlim(0);
        rig.Upstream.Handler = async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync(Cancel);
            foreach (var item in events)
            {
                await received.WaitAsync(Cancel);
                await context.Response.Body.WriteAsync(item.Bytes, Cancel);
                await context.Response.Body.FlushAsync(Cancel);
            }
        };

        // Returns although not one event has been produced: the head goes out first.
        using var answer = await rig.SendAsync(new StringContent("{}"), cancel: Cancel);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancel);
        foreach (var item in events)
        {
            received.Release();
            var buffer = new byte[item.Bytes.Length];
            await body.ReadExactlyAsync(buffer, Cancel);
            Assert.Equal(item.Bytes.ToArray(), buffer);
        }

        Assert.Equal(0, await body.ReadAsync(new byte[1], Cancel));
    }

    /// <summary>The API reports an overload that comes late as an event, with the status 200 and a clean end.</summary>
    [Fact]
    public async Task An_error_within_the_stream_arrives_byte_for_byte()
    {
        await using var rig = await ProxyRig.StartAsync();
        rig.Upstream.EnqueueFault(Fault.ErrorEvent(after: 5), Fault.Reply(24));

        using var answer = await rig.SendAsync(ProxyRig.Message(stream: true), cancel: Cancel);

        var before = SseScript.Events(24, model: "claude-sonnet-4-5").Take(5).SelectMany(one => one.Bytes.ToArray());
        var expected = before.Concat(Encoding.UTF8.GetBytes(
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"));
        Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(answer.Headers.Contains("x-tracevault-error"));
    }

    [Fact]
    public async Task A_part_of_an_event_is_not_held_back()
    {
        await using var rig = await ProxyRig.StartAsync();
        using var received = new SemaphoreSlim(0);
        rig.Upstream.Handler = async context =>
        {
            context.Response.ContentType = "text/event-stream";
            foreach (var part in (string[])["data: {\"half", "\":1}", "\n", "\n"])
            {
                await context.Response.WriteAsync(part, Cancel);
                await context.Response.Body.FlushAsync(Cancel);
                await received.WaitAsync(Cancel);
            }
        };

        using var answer = await rig.SendAsync(new StringContent("{}"), cancel: Cancel);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancel);
        foreach (var length in (int[])[12, 4, 1, 1])
        {
            await body.ReadExactlyAsync(new byte[length], Cancel);
            received.Release();
        }
    }

    /// <summary>
    /// The HTTP client keeps up to 4 KiB in its buffer until there is more of the body, its end, or a pause; everything beyond that is
    /// passed on.
    /// </summary>
    [Fact]
    public async Task An_upload_passes_on_while_it_arrives()
    {
        const int Piece = 256 << 10, Kept = 4 << 10;
        await using var rig = await ProxyRig.StartAsync(new() { ReadBodyFirst = false });
        using var arrived = new SemaphoreSlim(0);
        rig.Upstream.Handler = async context =>
        {
            var buffer = new byte[Piece];
            await context.Request.Body.ReadExactlyAsync(buffer.AsMemory(0, Piece - Kept), Cancel);
            arrived.Release();
            await context.Request.Body.ReadExactlyAsync(buffer.AsMemory(0, Piece), Cancel);
            arrived.Release();
            await context.Request.Body.ReadExactlyAsync(buffer.AsMemory(0, Kept), Cancel);
        };
        using var raw = await RawHttp.ConnectAsync(rig.Server.Url);
        await raw.WriteAsync(
            $"POST /proxy/anthropic/v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {rig.Token}\r\nContent-Length: {2 * Piece}\r\n"
                + "Connection: close\r\n\r\n",
            Cancel);

        for (var i = 0; i < 2; i++)
        {
            await raw.WriteAsync(new byte[Piece], Cancel);
            await arrived.WaitAsync(Cancel);
        }

        Assert.Equal(200, (await raw.ReadAsync(Cancel)).Status);
    }

    /// <summary>A server that stops wakes everything that reads from a client.</summary>
    [Fact]
    public async Task An_upload_under_way_is_finished_while_the_server_stops()
    {
        const int Half = 100_000;
        await using var rig = await ProxyRig.StartAsync(new() { ReadBodyFirst = false });
        using var arrived = new SemaphoreSlim(0);
        rig.Upstream.Handler = async context =>
        {
            var body = new byte[2 * Half];
            await context.Request.Body.ReadExactlyAsync(body.AsMemory(0, Half / 2), Cancel);
            arrived.Release();
            await context.Request.Body.ReadExactlyAsync(body.AsMemory(Half / 2), Cancel);
        };
        using var raw = await RawHttp.ConnectAsync(rig.Server.Url);
        await raw.WriteAsync(
            $"POST /proxy/anthropic/v1/messages HTTP/1.1\r\nHost: {rig.Server.Url.Authority}\r\nx-api-key: {rig.Token}\r\n"
                + $"Content-Length: {2 * Half}\r\n\r\n",
            Cancel);
        await raw.WriteAsync(new byte[Half], Cancel);
        await arrived.WaitAsync(Cancel);

        var (stopping, cancel) = (rig.Server.StopAsync(), Cancel);
        await Assert.ThrowsAnyAsync<SocketException>(async () =>
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                using var late = await RawHttp.ConnectAsync(rig.Server.Url); // until nobody listens any more; then connections are told
            }
        });
        await raw.WriteAsync(new byte[Half], Cancel);

        Assert.Equal(200, (await raw.ReadAsync(Cancel)).Status);
        await stopping;
    }

    /// <summary>
    /// HTTP clients and forwarders commonly give up after 100 s. Three silences at once: before the head, within the stream, within the
    /// upload.
    /// </summary>
    [Fact]
    public async Task Silence_of_101_seconds_survives() => await SurviveSilenceAsync(TimeSpan.FromSeconds(101));

    /// <summary>Claude Code gives up after 300 s. This test takes five minutes: <c>./test --nightly</c>.</summary>
    [FactWhenSet("TEST_NIGHTLY")]
    public async Task Silence_of_290_seconds_survives() => await SurviveSilenceAsync(TimeSpan.FromSeconds(290));

    [Fact]
    public async Task Silence_beyond_the_limit_breaks_the_stream()
    {
        await using var rig = await ProxyRig.StartAsync(settings: "--Proxy:UpstreamTimeout=00:00:01");
        rig.Upstream.EnqueueFault(Fault.Reply(24), Fault.Silence(3, Task.Delay(Timeout.InfiniteTimeSpan, Cancel)));

        using var answer = await rig.SendAsync(ProxyRig.Message(stream: true), cancel: Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsByteArrayAsync(Cancel));
        await rig.Server.Log.WaitForAsync("upstream_died", Cancel);
    }

    private static async Task SurviveSilenceAsync(TimeSpan silence)
    {
        var cancel = Patience.Within(silence + TimeSpan.FromMinutes(1));
        await using var rig = await ProxyRig.StartAsync();
        rig.Upstream.EnqueueFault(new Fault(FaultKind.Delay) { For = silence }, Fault.Reply(24));
        var beforeHead = rig.SendAsync(ProxyRig.Message(), cancel: cancel);
        await rig.Upstream.NextRequestAsync(cancel);
        rig.Upstream.EnqueueFault(new Fault(FaultKind.Silence) { For = silence, After = 3 }, Fault.Reply(24));
        using var withinStream = await rig.SendAsync(ProxyRig.Message(stream: true), cancel: cancel);
        using var upload = await RawHttp.ConnectAsync(rig.Server.Url);
        await upload.WriteAsync(
            $"POST /proxy/anthropic/v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {rig.Token}\r\nContent-Length: 4\r\n"
                + $"Connection: close\r\n\r\n{{}}", cancel);

        Assert.Equal(SseScript.Bytes(24, model: "claude-sonnet-4-5"), await withinStream.Content.ReadAsByteArrayAsync(cancel));
        using var late = await beforeHead;
        Assert.Equal(HttpStatusCode.OK, late.StatusCode);
        await upload.WriteAsync("  ", cancel);
        var uploaded = await upload.ReadAsync(cancel);
        Assert.Null(uploaded.Header("x-tracevault-error"));
        Assert.NotNull(uploaded.Header("request-id"));
    }
}
