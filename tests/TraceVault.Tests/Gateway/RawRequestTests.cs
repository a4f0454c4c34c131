namespace TraceVault.Tests.Gateway;

/// <summary>Requests that no client library would send, on their way to the upstream.</summary>
[Collection(nameof(RawBench))]
public class RawRequestTests(RawBench bench)
{
    /// <summary>One byte more than the server takes in a test that sets its limit.</summary>
    private const int TooMany = 100_001;

    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task What_connection_names_stays_behind_whatever_else_it_says(string server)
    {
        var rig = await bench.GetAsync(server);
        foreach (var line in (string[])[
            "keep-alive, Anthropic-Hop", "Anthropic-Hop, keep-alive", "close, anthropic-hop", "anthropic-hop,close", "Anthropic-Hop",
            "x\r\nConnection: anthropic-hop", "keep-alive\r\nConnection: anthropic-hop", "upgrade, anthropic-hop"])
        {
            var head = await HeadAsync(rig, $"Connection: {line}", "Anthropic-Hop: secret", "Anthropic-Beta: stays");
            Assert.Equal((null, "stays"), (head.Header("anthropic-hop"), head.Header("anthropic-beta")));
        }
    }

    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task The_content_type_of_a_request_without_a_body_arrives(string server)
    {
        var rig = await bench.GetAsync(server);
        var bare = await HeadAsync(rig, "Content-Type: application/json");
        var none = await HeadAsync(rig);

        Assert.Equal(("application/json", null), (bare.Header("content-type"), none.Header("content-type")));
        Assert.Equal((null, null), (none.Header("content-length"), none.Header("transfer-encoding")));
    }

    [Theory]
    [InlineData("TRACE")]
    [InlineData("trace")]
    [InlineData("head")]
    [InlineData("gEt")]
    [InlineData("Post")]
    public async Task A_method_that_two_read_in_two_ways_is_refused(string method)
    {
        var rig = await bench.GetAsync("here");
        using var client = await rig.ConnectAsync();
        await client.SendAsync(rig.Head("/v1/models", method, "Connection: close"));
        var reply = await client.ReadReplyAsync();
        Assert.Equal((400, "bad_path"), (reply.Status, reply.Header("x-tracevault-error")));
    }

    [Fact]
    public async Task An_odd_method_arrives_as_it_is()
    {
        var rig = await bench.GetAsync("here");
        var line = "";
        var path = rig.Upstream.Script(request =>
        {
            line = request.Head.Split("\r\n")[0];
            return request.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        });
        await rig.CallAsync(path + "?beta=true", "PROPFIND-x");
        Assert.Equal($"PROPFIND-x {path}?beta=true HTTP/1.1", line);
    }

    /// <summary>After each error of our own, the server reads on exactly where the client's next request begins.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task Requests_behind_an_error_of_our_own_are_answered(string server)
    {
        await using var rig = await RawRig.StartAsync(server, $"--Proxy:MaxBodyBytes={TooMany - 1}");
        var good = rig.Upstream.Answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        var dead = rig.Upstream.Script(async request =>
        {
            await request.ReadBodyAsync();
            request.Connection.Reset();
        });
        var patient = rig.Upstream.Script(request => request.Connection.ProxyLeftAsync());
        using var client = await rig.ConnectAsync();
        var host = $"Host: {rig.Server.Url.Authority}\r\n";
        var all = new List<(string Sent, int Status)>
        {
            ($"POST /proxy/anthropic/v1/x HTTP/1.1\r\n{host}content-length: 5\r\n\r\nhello", 401),
            (
                $"POST /proxy/anthropic/v1/x HTTP/1.1\r\n{host}x-api-key: tvs_nobody\r\ntransfer-encoding: chunked\r\n\r\n5\r\n"
                    + "hello\r\n0\r\n\r\n",
                401),
            (rig.Head("/v1/../x", "POST", "content-length: 5") + "hello", 400),
            (rig.Head(dead, "POST", "content-length: 5") + "hello", 502),
            (rig.Head("/v1/x", "TRACE"), 400),
            (rig.Head(patient, "POST", "transfer-encoding: chunked") + $"{TooMany:x}\r\n{new string('x', TooMany)}\r\n0\r\n\r\n", 413),
            (
                $"POST /proxy/anthropic/v1/x HTTP/1.1\r\n{host}x-api-key: a\r\nauthorization: Bearer b\r\ncontent-length: 5\r\n\r\nhello",
                401),
            (rig.Head("", "HEAD"), 200),
        };
        foreach (var (sent, _) in all) // all at once, each followed by a good request
        {
            await client.SendAsync(sent + rig.Head(good, "POST", "content-length: 2") + "{}");
        }

        foreach (var (sent, status) in all)
        {
            Assert.Equal(status, (await client.ReadReplyAsync(sent.StartsWith("HEAD", StringComparison.Ordinal) ? "HEAD" : "POST")).Status);
            Assert.Equal("ok", (await client.ReadReplyAsync()).Text);
        }
    }

    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task A_client_of_HTTP_1_0_is_answered_in_its_own_framing(string server)
    {
        var rig = await bench.GetAsync(server);
        var path = rig.Upstream.Answer("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", "3\r\nend\r\n0\r\n\r\n");
        using var client = await rig.ConnectAsync();
        await client.SendAsync($"GET /proxy/anthropic{path} HTTP/1.0\r\nx-api-key: {rig.Token}\r\n\r\n");
        var head = await client.ReadHeadAsync();

        Assert.Equal("okend", System.Text.Encoding.Latin1.GetString(await client.ReadToEndAsync()));
        Assert.DoesNotContain("transfer-encoding", head, StringComparison.OrdinalIgnoreCase);
    }

    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task A_client_that_waits_to_be_told_to_go_on_is_told(string server)
    {
        var rig = await bench.GetAsync(server);
        var body = "";
        var path = rig.Upstream.Script(async request =>
        {
            body = System.Text.Encoding.Latin1.GetString(await request.ReadBodyAsync());
            await request.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        });
        using var client = await rig.ConnectAsync();
        await client.SendAsync(rig.Head(path, "POST", "Expect: 100-continue", "Content-Length: 5"));
        Assert.StartsWith("HTTP/1.1 100 ", await client.ReadHeadAsync());
        await client.SendAsync("hello");
        Assert.Equal(("ok", "hello"), ((await client.ReadReplyAsync()).Text, body));
    }

    [Theory]
    [InlineData("/v1/messages", 4096)]
    [InlineData("/v1/messages/batches", 8192)]
    [InlineData("/v1/messages/batches?beta=true", 8192)]
    [InlineData("/v1/files", 16384)]
    [InlineData("/v1/files/file_1", 4096)]
    public async Task Each_endpoint_has_its_limit(string path, int most)
    {
        await using var rig = await RawRig.StartAsync(
            "here", "--Proxy:MaxBodyBytes=4096", "--Proxy:MaxBatchBytes=8192", "--Proxy:MaxFileBytes=16384");
        foreach (var framing in (string[])["Content-Length: ", "Transfer-Encoding: chunked"])
        {
            using var over = await rig.ConnectAsync();
            await over.SendAsync(rig.Head(path, "POST", framing.EndsWith(' ') ? $"{framing}{most + 1}" : framing));
            await over.SendAsync(framing.EndsWith(' ') ? "" : $"{most + 1:x}\r\n");
            await over.SendAsync(new byte[most + 1]);
            var reply = await over.ReadReplyAsync();
            Assert.Equal((413, "too_large"), (reply.Status, reply.Header("x-tracevault-error")));
            Assert.Contains($"{most} bytes", reply.Text);
        }

        using var within = await rig.ConnectAsync();
        await within.SendAsync(rig.Head(path, "POST", $"Content-Length: {most}"));
        await within.SendAsync(new byte[most]);
        Assert.Equal(502, (await within.ReadReplyAsync()).Status); // it was forwarded; no script is registered for it
    }

    [Theory]
    [InlineData("content-length: 100000", "")]
    [InlineData("transfer-encoding: chunked", "5\r\nhello\r\n")]
    public async Task A_client_that_pauses_its_upload_for_too_long_has_left(string framing, string begun)
    {
        await using var rig = await RawRig.StartAsync("here", "--Proxy:UpstreamTimeout=00:00:01");
        var path = rig.Upstream.Script(request => request.Connection.ProxyLeftAsync());
        using var client = await rig.ConnectAsync();
        await client.SendAsync(rig.Head(path, "POST", framing) + begun);

        await Assert.ThrowsAnyAsync<IOException>(client.ReadHeadAsync);
        Assert.Contains(" client_left ", await rig.WaitForLogAsync(path));
    }

    private static async Task<RawRequest> HeadAsync(RawRig rig, params string[] lines)
    {
        RawRequest? arrived = null;
        await rig.CallAsync(
            rig.Upstream.Script(request =>
            {
                arrived = request;
                return request.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }),
            "GET",
            lines);
        return arrived!;
    }
}
