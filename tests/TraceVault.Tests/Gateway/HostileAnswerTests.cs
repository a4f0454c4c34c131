using System.Globalization;

namespace TraceVault.Tests.Gateway;

/// <summary>
/// What an upstream sends besides an answer, or in place of one, ends up nowhere: neither in another answer nor in the log.
/// </summary>
[Collection(nameof(RawBench))]
public class HostileAnswerTests(RawBench bench)
{
    private const string Sound = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task A_head_that_can_be_read_in_two_ways_is_refused(string server)
    {
        await using var rig = await RawRig.StartAsync(server); // its own: bytes after some answers spoil the user's next request
        foreach (var answer in (string[])
        [
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 500\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nok",
            "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello",
            "HTTP/1.1 205 Reset Content\r\ncontent-length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nanthropic-note: a\u0001b\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nanthropic-note: a\u007fb\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nserver: a\0b\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nanthropic-note: a\rb\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nrest",
            "HTTP/1.1 099 Odd\r\ncontent-length: 2\r\n\r\nok",
            $"HTTP/1.1 200 OK\r\nanthropic-long: {new string('x', 100_000)}\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nno colon\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/2.0 200 OK\r\n\r\n",
            "SSH-2.0-OpenSSH_9.2\r\n",
        ])
        {
            var reply = await rig.CallAsync(rig.Upstream.Script(async request =>
            {
                await request.ReadBodyAsync();
                await request.SendAsync(answer);
                request.Connection.Close();
            }));
            Assert.True(
                (reply.Status, reply.Header("x-tracevault-error")) == (502, "upstream_unreachable"),
                $"{answer[..Math.Min(90, answer.Length)]} gave {reply.Head}{reply.Text}");
        }

        Assert.DoesNotContain("internal_error", rig.Log);
    }

    /// <summary>Unusual heads that everybody reads alike are passed on.</summary>
    [Fact]
    public async Task Odd_but_sound_heads_pass()
    {
        var rig = await bench.GetAsync("here");
        Assert.Equal(
            "ok",
            (await rig.CallAsync(rig.Upstream.Answer("HTTP/1.1 200 OK\r\nanthropic-note: a\tb\r\ncontent-length: 2\r\n\r\nok"))).Text);
        Assert.Equal(299, (await rig.CallAsync(rig.Upstream.Answer("HTTP/1.1 299 Odd\r\ncontent-length: 2\r\n\r\nok"))).Status);
        Assert.Equal("ok", (await rig.CallAsync(rig.Upstream.Answer("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"))).Text);
        Assert.Equal(204, (await rig.CallAsync(rig.Upstream.Answer("HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"))).Status);
        Assert.Equal("Ünïcode", System.Text.Encoding.UTF8.GetString(System.Text.Encoding.Latin1.GetBytes(
            (await rig.CallAsync(rig.Upstream.Answer("HTTP/1.1 200 OK\r\nanthropic-note: \u00c3\u009cn\u00c3\u00afcode\r\n"
                + "content-length: 2\r\n\r\nok"))).Header("anthropic-note")!)));
    }

    [Theory]
    [InlineData("keep-alive, Anthropic-Hop, content-length")]
    [InlineData("\"Anthropic-Hop\", Anthropic-Hop")]
    [InlineData("keep-alive; a=b, anthropic-hop")]
    [InlineData("@,Anthropic-Hop")]
    [InlineData("close\r\nconnection: (c), Anthropic-Hop\t")]
    public async Task What_the_upstream_names_in_connection_stays_behind(string connection)
    {
        var rig = await bench.GetAsync("here");
        var reply = await rig.CallAsync(rig.Upstream.Answer(
            $"HTTP/1.1 200 OK\r\nconnection: {connection}\r\nanthropic-hop: 1\r\nanthropic-note: 2\r\ncontent-length: 2\r\n\r\nok"));
        Assert.Equal((null, "2", "ok"), (reply.Header("anthropic-hop"), reply.Header("anthropic-note"), reply.Text));
    }

    /// <summary>Two users take turns while the upstream sends more than it was asked for, at once or a little later.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task Surplus_bytes_are_in_nobodys_answer(string server)
    {
        await using var rig = await RawRig.StartAsync(server);
        var other = await rig.JoinAsync("other@example.com");
        foreach (var surplus in (string[])[
            "x",
            "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 6\r\n\r\nforged"])
        {
            for (var i = 0; i < 21; i++)
            {
                var pause = (i % 3) - 1; // in milliseconds; below 0 means all in one send
                var path = rig.Upstream.Script(async request =>
                {
                    await request.ReadBodyAsync();
                    await request.SendAsync(pause < 0 ? Sound + surplus : Sound);
                    if (pause > 0)
                    {
                        await request.PauseAsync(pause);
                    }

                    await request.SendAsync(pause < 0 ? "" : surplus);
                });
                await rig.CallAsync(path); // may hold surplus bytes of an earlier answer, which was the same user's
                var next = await rig.CallAsAsync(other, rig.Upstream.Answer(Sound));
                Assert.True((next.Status, next.Text) == (200, "ok"), $"{i}: {next.Head}{next.Text}");
            }
        }
    }

    [Fact]
    public async Task No_secret_that_an_upstream_or_a_client_sends_back_is_in_the_log()
    {
        await using var rig = await RawRig.StartAsync("here");
        await rig.CallAsync(
            rig.Upstream.Answer($"HTTP/1.1 200 OK\r\nrequest-id: {TestServer.AnthropicKey}\r\ncontent-length: 2\r\n\r\nok"));
        foreach (var part in (string[])[
            TestServer.AnthropicKey["sk-ant-".Length..],
            TestServer.AnthropicKey[^16..],
            "req_" + TestServer.AnthropicKey[8..24] + "x"])
        {
            var path = rig.Upstream.Answer($"HTTP/1.1 200 OK\r\nrequest-id: {part}\r\ncontent-length: 2\r\n\r\nok");
            await rig.CallAsync(path);
            await rig.WaitForLogAsync(path);
            Assert.DoesNotContain(part, rig.Log, StringComparison.Ordinal);
        }

        await rig.CallAsync(
            rig.Upstream.Answer($"HTTP/1.1 200 OK\r\nrequest-id: req\u00ff{new string('x', 5000)}\r\ncontent-length: 2\r\n\r\nok"));
        foreach (var target in (string[])[
            $"/v1/{rig.Token}",
            $"/v1/{rig.Token.Replace("_", "%5f", StringComparison.Ordinal)}",
            $"/v1/%74vs%255F{rig.Token[4..]}"])
        {
            await rig.CallAsync(target, "GET");
        }

        using (var client = await rig.ConnectAsync())
        {
            await client.SendAsync(rig.Head("/v1/models", rig.Token, "Connection: close"));
            Assert.Equal(502, (await client.ReadReplyAsync()).Status); // no script is registered for this path
        }

        Assert.DoesNotContain(TestServer.AnthropicKey, rig.Log);
        Assert.DoesNotContain(rig.Token[4..], rig.Log);
        Assert.All(rig.Log.Split('\n'), line => Assert.True(line.Length < 2000, line.Length.ToString(CultureInfo.InvariantCulture)));
    }
}
