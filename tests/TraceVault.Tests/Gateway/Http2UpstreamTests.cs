using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

public class Http2UpstreamTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    /// <summary>
    /// An upstream has not processed a stream that it refuses, nor one above the last stream that it names when it leaves (RFC 9113 §8.7).
    /// Such a stream is sent again as long as no part of its body is gone.
    /// </summary>
    [Theory, InlineData(false), InlineData(true)]
    public async Task A_stream_that_was_not_processed_is_sent_again_with_its_whole_body(bool leaves)
    {
        var (received, whole) = (0, new List<int>());
        await using var upstream = new RawHttp2Upstream(frame =>
        {
            received += frame.Type == Http2Frame.Data ? frame.Payload.Length : 0;
            if (!frame.EndsStream)
            {
                return null;
            }

            whole.Add(received);
            received = 0;
            return whole.Count > 1 ? Http2Frame.Answer(frame.Stream, 200)
                : leaves ? Http2Frame.GoAway(0)
                : Http2Frame.Refusal(frame.Stream);
        });
        await using var server = await StartAsync(upstream);
        var token = await server.SetUpWithKeyAsync();

        using var raw = await RawHttp.ConnectAsync(server.Url);
        await raw.WriteAsync($"{Head(server, token)}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}", Cancel);
        var answer = await raw.ReadAsync(Cancel);

        Assert.Equal(200, answer.Status);
        Assert.Equal([2, 2], whole);
    }

    /// <summary>
    /// The same while the body is on its way, in parts. It is tried many times, because the HTTP client learns of the refusal in two places
    /// at once.
    /// </summary>
    [Fact]
    public async Task A_refused_stream_is_sent_again_while_its_body_is_whole()
    {
        const int Rounds = 50;
        var (begun, received) = (0, 0);
        var refused = new SemaphoreSlim(0);
        await using var upstream = new RawHttp2Upstream(
            frame =>
            {
                (begun, received) = frame.Type switch
                {
                    Http2Frame.Headers => (begun + 1, 0),
                    Http2Frame.Data => (begun, received + frame.Payload.Length),
                    _ => (begun, received),
                };
                if (begun == 1 && received == 40_000)
                {
                    refused.Release();
                    return Http2Frame.Refusal(frame.Stream);
                }

                return frame.EndsStream ? Http2Frame.Answer(frame.Stream, 200) : null;
            },
            window: byte.MaxValue);
        await using var server = await StartAsync(upstream);
        var token = await server.SetUpWithKeyAsync();

        for (var i = 0; i < Rounds; i++)
        {
            begun = 0;
            using var raw = await RawHttp.ConnectAsync(server.Url);
            await raw.WriteAsync($"{Head(server, token)}Content-Length: 50000\r\nConnection: close\r\n\r\n", Cancel);
            await raw.WriteAsync(new byte[20_000], Cancel);
            await raw.WriteAsync(new byte[20_000], Cancel);
            await refused.WaitAsync(Cancel);
            await raw.WriteAsync(new byte[10_000], Cancel);
            var answer = await raw.ReadAsync(Cancel);

            Assert.Equal((200, 2, 50_000), (answer.Status, begun, received));
        }
    }

    /// <summary>
    /// The HTTP client tries a refused stream again with what is left of the body. That must never look like a whole request.
    /// </summary>
    [Fact]
    public async Task A_refused_stream_is_not_sent_again_when_its_body_is_gone()
    {
        var begun = 0;
        var received = 0;
        await using var upstream = new RawHttp2Upstream(
            frame =>
            {
                begun += frame.Type == Http2Frame.Headers ? 1 : 0;
                received += frame.Type == Http2Frame.Data ? frame.Payload.Length : 0;
                return begun == 1 && received == 80_000 ? Http2Frame.Refusal(frame.Stream)
                    : frame.EndsStream ? Http2Frame.Answer(frame.Stream, 200)
                    : null;
            },
            window: 2);
        await using var server = await StartAsync(upstream);
        var token = await server.SetUpWithKeyAsync();

        using var raw = await RawHttp.ConnectAsync(server.Url);
        await raw.WriteAsync($"{Head(server, token)}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n", Cancel);
        await raw.WriteAsync($"9C40\r\n{new string('a', 40_000)}\r\n", Cancel);
        await raw.WriteAsync($"9C40\r\n{new string('b', 40_000)}\r\n", Cancel);
        var answer = await raw.ReadAsync(Cancel);

        Assert.Equal(502, answer.Status);
        Assert.Equal("upstream_unreachable", answer.Header("x-tracevault-error"));
    }

    /// <summary>The upstream neither takes the rest of the body nor says that it does not want it.</summary>
    [Fact]
    public async Task A_whole_answer_ends_an_upload_that_stands_still()
    {
        await using var upstream = new RawHttp2Upstream(
            frame => frame.Type == Http2Frame.Headers ? Http2Frame.Answer(frame.Stream, 413) : null);
        await using var server = await StartAsync(upstream);
        var token = await server.SetUpWithKeyAsync();

        using var raw = await RawHttp.ConnectAsync(server.Url);
        await raw.WriteAsync($"{Head(server, token)}Content-Length: 400000\r\nConnection: close\r\n\r\n", Cancel);
        await raw.WriteAsync(new byte[400_000], Cancel);
        var answer = await raw.ReadAsync(Cancel);

        Assert.Equal(413, answer.Status);
        Assert.False(answer.WasReset);
        Assert.Contains(" ok status=413 ", await server.Log.WaitForAsync("status=413", Cancel));
    }

    /// <summary>
    /// The rest of a body that nobody wants any more is read to its end. Otherwise a client that sends first and reads later would see a
    /// broken connection instead of the answer.
    /// </summary>
    [Theory]
    [InlineData("Content-Length: 400000", "", "")]
    [InlineData("Transfer-Encoding: chunked", "61A80\r\n", "\r\n0\r\n\r\n")]
    public async Task An_early_refusal_leaves_the_clients_connection_in_order(string framing, string before, string after)
    {
        await using var rig = await ProxyRig.StartAsync(new() { Http2 = true }, settings: "--Proxy:UpstreamHttpVersion=2");
        rig.Upstream.EnqueueFault(Fault.Early(413));
        using var client = await RawHttp.ConnectAsync(rig.Server.Url);
        var head = $"Host: {rig.Server.Url.Authority}\r\nx-api-key: {rig.Token}\r\nanthropic-version: 2023-06-01\r\n";
        await client.WriteAsync(
            $"POST /proxy/anthropic/v1/messages HTTP/1.1\r\n{head}Content-Type: application/json\r\n{framing}\r\n\r\n{before}", Cancel);
        await client.WriteAsync(new byte[100_000], Cancel);
        var refusal = await client.ReadUntilAsync("request_too_large", Cancel); // the server still waits for more

        await client.WriteAsync(new byte[300_000], Cancel);
        await client.WriteAsync($"{after}GET /proxy/anthropic/v1/models HTTP/1.1\r\n{head}Connection: close\r\n\r\n", Cancel);
        var next = await client.ReadAsync(Cancel);

        Assert.StartsWith("HTTP/1.1 413 ", refusal);
        Assert.Contains("HTTP/1.1 200 OK", next.Text);
    }

    private static async Task<TestServer> StartAsync(RawHttp2Upstream upstream) =>
        await TestServer.StartAsync(upstream: upstream.Url, settings: "--Proxy:UpstreamHttpVersion=2");

    private static string Head(TestServer server, string token) =>
        $"POST /proxy/anthropic/v1/messages HTTP/1.1\r\nHost: {server.Url.Authority}\r\nx-api-key: {token}\r\n"
        + "Content-Type: application/json\r\n";
}
