namespace TraceVault.Tests.Proxy;

public class Http2UpstreamTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    /// <summary>The HTTP client tries a refused stream again, with what is left of the body: nothing. That must never look like a whole request.</summary>
    [Fact]
    public async Task A_refused_stream_is_not_sent_again_without_its_body()
    {
        var whole = new List<int>();
        await using var upstream = new RawHttp2Upstream(frame =>
        {
            if (!frame.EndsStream)
            {
                return null;
            }

            whole.Add(frame.Stream);
            return whole.Count == 1 ? Http2Frame.Refusal(frame.Stream) : Http2Frame.Answer(frame.Stream, 200);
        });
        await using var server = await StartAsync(upstream);
        var token = await server.SetUpWithKeyAsync();

        using var raw = await RawHttp.ConnectAsync(server.Url);
        await raw.WriteAsync($"{Head(server, token)}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n", Cancel);
        var answer = await raw.ReadAsync(Cancel);

        Assert.Equal(502, answer.Status);
        Assert.Equal("upstream_unreachable", answer.Header("x-tracevault-error"));
        Assert.Single(whole);
    }

    /// <summary>The upstream neither takes the rest nor says that it does not want it.</summary>
    [Fact]
    public async Task A_whole_answer_ends_an_upload_that_stands_still()
    {
        await using var upstream = new RawHttp2Upstream(frame => frame.Type == Http2Frame.Headers ? Http2Frame.Answer(frame.Stream, 413) : null);
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

    private static async Task<TestServer> StartAsync(RawHttp2Upstream upstream) =>
        await TestServer.StartAsync(upstream: upstream.Url, settings: "--Proxy:UpstreamHttpVersion=2");

    private static string Head(TestServer server, string token) =>
        $"POST /proxy/anthropic/v1/messages HTTP/1.1\r\nHost: {server.Url.Authority}\r\nx-api-key: {token}\r\nContent-Type: application/json\r\n";
}
