using System.Text;

namespace TraceVault.Tests.Gateway;

/// <summary>Every answer arrives, wherever the upstream's packets end, in each framing.</summary>
[Collection(nameof(RawBench))]
public class AnswerTests(RawBench bench)
{
    private const string Json =
        """{"id":"msg_01","type":"message","role":"assistant","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn"}""";

    private const string Events = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_01","usage":{"input_tokens":3,"output_tokens":1}}}

        : ping

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hé"}}

        event: message_stop
        data: {"type":"message_stop"}
        """; // and no newline at its end

    private static readonly int[] Lengths = [0, 1, 2, 16_383, 16_384, 16_385, 65_536];

    public static MatrixTheoryData<string, string> ServersAndFramings =>
        new(RawBench.Servers.Select(row => row.Data), ["length", "chunked", "close"]);

    public static MatrixTheoryData<string, string> ServersOfLongRoundsAndFramings =>
        new(RawBench.ServersOfLongRounds.Select(row => row.Data), ["length", "chunked", "close"]);

    /// <summary>Waits for events instead of time: each part is sent once the client has the part before.</summary>
    [Theory, MemberData(nameof(ServersAndFramings), MemberType = typeof(AnswerTests))]
    public async Task Passes_each_part_on_before_the_next_one_is_sent(string server, string framing)
    {
        var rig = await bench.GetAsync(server);
        using var received = new SemaphoreSlim(0);
        var parts = new[] { "{\"a\":", "1", "2", "}" };
        var path = rig.Upstream.Script(async request =>
        {
            await request.ReadBodyAsync();
            await request.SendAsync(HeadOf(framing, 8));
            foreach (var part in parts)
            {
                await received.WaitAsync(request.Cancel);
                await request.SendAsync(framing is "chunked" ? $"{part.Length:x}\r\n{part}\r\n" : part);
            }

            await received.WaitAsync(request.Cancel);
            End(request, framing);
            await request.SendAsync(framing is "chunked" ? "0\r\n\r\n" : "");
        });

        using var client = await rig.ConnectAsync();
        await client.SendAsync(rig.Head(path, "POST", "Content-Length: 2") + "{}");
        var head = await client.ReadHeadAsync();
        foreach (var part in parts)
        {
            received.Release();
            var expected = framing is "length" ? part : $"{part.Length:x}\r\n{part}\r\n";
            Assert.Equal(expected, Encoding.Latin1.GetString(await client.ReadAsync(expected.Length)));
        }

        received.Release();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head);
    }

    [Theory, MemberData(nameof(ServersAndFramings), MemberType = typeof(AnswerTests))]
    public async Task Arrives_whole_whatever_the_split(string server, string framing)
    {
        var rig = await bench.GetAsync(server);
        var answer = Whole(framing, Json);
        await EachAsync(SplitsOf(answer, server), async (client, split) =>
        {
            var pause = split % 16 == 0 ? 20 : split % 2; // in milliseconds
            var reply = await AskAsync(rig, client, Paused(rig, framing, pause, answer[..split], answer[split..]));
            Assert.True(reply.Text == Json, $"{split}: {reply.Head}{reply.Text} {rig.LinesOf(reply)}");
        }, rig);
    }

    [Theory, MemberData(nameof(ServersAndFramings), MemberType = typeof(AnswerTests))]
    public async Task An_event_stream_arrives_whole_whatever_the_split(string server, string framing)
    {
        var rig = await bench.GetAsync(server);
        var answer = Whole(framing, Events, "text/event-stream");
        await EachAsync(SplitsOf(answer, server), async (client, split) =>
        {
            var reply = await AskAsync(rig, client, Paused(rig, framing, split % 2, answer[..split], answer[split..]));
            Assert.Equal(Events, reply.Text);
        }, rig);
    }

    [Theory, MemberData(nameof(ServersAndFramings), MemberType = typeof(AnswerTests))]
    public async Task Arrives_whole_when_every_byte_comes_alone(string server, string framing)
    {
        var rig = await bench.GetAsync(server);
        foreach (var body in (string[])[Json, Events])
        {
            var bytes = Whole(framing, body).Select(one => one.ToString()).ToArray();
            using var client = await rig.ConnectAsync();
            Assert.Equal(body, (await AskAsync(rig, client, Paused(rig, framing, 0, bytes))).Text);
        }
    }

    /// <summary>
    /// Sends head and body together, then one after the other, then with the body cut in two, all for one client's connection.
    /// </summary>
    [Theory, MemberData(nameof(ServersAndFramings), MemberType = typeof(AnswerTests))]
    public async Task Arrives_whole_at_every_length(string server, string framing)
    {
        var rig = await bench.GetAsync(server);
        using var client = await rig.ConnectAsync();
        foreach (var length in Lengths)
        {
            var body = BodyOf(length);
            var head = HeadOf(framing, length);
            var rest = Whole(framing, body)[head.Length..];
            foreach (var pieces in (string[][])[[head + rest], [head, rest], [head + rest[..(rest.Length / 2)], rest[(rest.Length / 2)..]]])
            {
                var reply = await AskAsync(rig, client, Paused(rig, framing, 1, pieces));
                Assert.Equal(body, reply.Text);
            }
        }
    }

    [Theory, MemberData(nameof(ServersOfLongRoundsAndFramings), MemberType = typeof(AnswerTests))]
    public async Task Thirty_two_megabytes_arrive_byte_for_byte(string server, string framing)
    {
        var rig = await bench.GetAsync(server);
        var body = new byte[32 << 20];
        new Random(7).NextBytes(body); // seeded, so that a failure can be repeated
        var path = rig.Upstream.Script(async request =>
        {
            await request.ReadBodyAsync();
            await request.SendAsync(HeadOf(framing, body.Length));
            for (var at = 0; at < body.Length; at += 1 << 20)
            {
                await request.SendAsync(framing is "chunked" ? "100000;name=value\r\n" : "");
                await request.SendAsync(body.AsMemory(at, 1 << 20));
                await request.SendAsync(framing is "chunked" ? "\r\n" : "");
            }

            await request.SendAsync(framing is "chunked" ? "0\r\nx-trailer: 1\r\n\r\n" : "");
            End(request, framing);
        });

        var reply = await rig.CallAsync(path);

        Assert.True(body.AsSpan().SequenceEqual(reply.Body));
        Assert.Null(reply.Header("x-trailer"));
    }

    /// <summary>The upstream's connection is used again, even after chunks with extensions and trailers.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task The_connection_is_used_again(string server)
    {
        var rig = await bench.GetAsync(server);
        var numbers = new List<int>();
        foreach (var pieces in (string[][])
        [
            ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "ok"],
            ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b;c=\"d\"\r\n", "ok\r\n0\r\n", "x-one: 1\r\nx-two: 2\r\n\r\n"],
            ["HTTP/1.1 204 No Content\r\n\r\n"],
            ["HTTP/1.1 304 Not Modified\r\ncontent-length: 17\r\n\r\n"],
            [
                "HTTP/1.1 100 Continue\r\n\r\n",
                "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
            ],
        ])
        {
            var path = rig.Upstream.Script(async request =>
            {
                numbers.Add(request.Connection.Number);
                await request.ReadBodyAsync();
                foreach (var piece in pieces)
                {
                    await request.SendAsync(piece);
                }
            });
            Assert.True((await rig.CallAsync(path)).Status < 400);
        }

        Assert.True(numbers.Distinct().Count() < numbers.Count, string.Join(' ', numbers)); // other tests may have used one in between
    }

    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task An_answer_without_a_body_ends_with_its_head(string server)
    {
        var rig = await bench.GetAsync(server);
        var head = await rig.CallAsync(rig.Upstream.Answer("HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n"), "HEAD");
        var empty = await rig.CallAsync(rig.Upstream.Answer("HTTP/1.1 204 No Content\r\n\r\n"));
        var reset = await rig.CallAsync(rig.Upstream.Answer("HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n"));
        var unchanged = await rig.CallAsync(rig.Upstream.Answer("HTTP/1.1 304 Not Modified\r\ncontent-length: 17\r\n\r\n"));

        Assert.Equal(("1234", 200), (head.Header("content-length"), head.Status));
        Assert.Equal((204, 205, 304), (empty.Status, reset.Status, unchanged.Status));
    }

    /// <summary>Half an answer never ends cleanly.</summary>
    [Theory, MemberData(nameof(ServersAndFramings), MemberType = typeof(AnswerTests))]
    public async Task An_early_end_breaks_the_clients_connection(string server, string framing)
    {
        var rig = await bench.GetAsync(server);
        foreach (var isReset in (bool[])[true, .. framing is "close" ? (bool[])[] : [false]]) // without framing, a FIN is the end
        {
            using var received = new SemaphoreSlim(0);
            var path = rig.Upstream.Script(async request =>
            {
                await request.ReadBodyAsync();
                await request.SendAsync(HeadOf(framing, 4) + (framing is "chunked" ? "4\r\nha" : "ha"));
                await received.WaitAsync(request.Cancel);
                (isReset ? request.Connection.Reset : (Action)request.Connection.Close)();
            });
            using var client = await rig.ConnectAsync();
            await client.SendAsync(rig.Head(path, "POST", "Content-Length: 2") + "{}");
            await client.ReadHeadAsync();
            await client.ReadAsync(2);
            received.Release();

            AssertCutShort(framing, await client.ReadToEndAsync());
        }
    }

    /// <summary>What came in the same packet as the end is passed on, too.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task What_came_before_an_early_end_arrives(string server)
    {
        var rig = await bench.GetAsync(server);
        foreach (var framing in (string[])["length", "chunked"])
        {
            var path = rig.Upstream.Script(async request =>
            {
                await request.ReadBodyAsync();
                await request.SendAsync(HeadOf(framing, 4) + (framing is "chunked" ? "2\r\nha\r\n" : "ha"));
                request.Connection.Close();
            });
            using var client = await rig.ConnectAsync();
            await client.SendAsync(rig.Head(path, "POST", "Content-Length: 2") + "{}");
            await client.ReadHeadAsync();
            Assert.EndsWith("ha", Encoding.Latin1.GetString(await client.ReadAsync(framing is "chunked" ? 5 : 2)));
            AssertCutShort(framing, await client.ReadToEndAsync());
        }
    }

    /// <summary>A client that reads late gets it, too: a reset would remove it from the client's socket.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task What_came_before_an_early_end_arrives_at_a_slow_client(string server)
    {
        const int Length = 500_000;
        var rig = await bench.GetAsync(server);
        foreach (var framing in (string[])["length", "chunked"])
        {
            var ended = new TaskCompletionSource();
            var path = rig.Upstream.Script(async request =>
            {
                await request.ReadBodyAsync();
                await request.SendAsync(HeadOf(framing, Length + 1) + (framing is "chunked" ? $"{Length:x}\r\n" : ""));
                await request.SendAsync(new byte[Length]);
                await request.Connection.DeliveredAsync();
                request.Connection.Close();
                ended.SetResult();
            });
            using var client = await rig.ConnectAsync();
            await client.SendAsync(rig.Head(path, "POST", "Content-Length: 2") + "{}");
            await ended.Task.WaitAsync(Patience.Cancel);
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, Patience.Cancel);

            await client.ReadHeadAsync();
            var body = await client.ReadToEndAsync();
            Assert.Equal(Length, body.Count(one => one == 0));
            Assert.False(body.AsSpan().EndsWith("0\r\n\r\n"u8));
            // the web server reports such an end as its own error, which the log leaves out
            Assert.True(server is "here" || !rig.Log.Contains("unhandled exception", StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>
    /// A client that has not sent all of its request learns of the end at once, not only after the web server has waited five seconds for
    /// the rest.
    /// </summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task An_early_end_is_heard_at_once_while_the_client_sends(string server)
    {
        var rig = await bench.GetAsync(server);
        var path = rig.Upstream.Script(async request =>
        {
            await request.SendAsync(HeadOf("length", 4) + "ha");
            await request.Connection.DeliveredAsync();
            request.Connection.Close();
        });
        using var client = await rig.ConnectAsync();
        await client.SendAsync(rig.Head(path, "POST", "Content-Length: 1000") + "{}");

        var ended = client.ReadToEndAsync();
        Assert.Same(ended, await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System, Patience.Cancel)));
    }

    /// <summary>Over HTTP/1.0 the end of the connection is the end of the answer, so half an answer must not end that way.</summary>
    [Fact]
    public async Task Half_an_answer_over_http_1_0_is_reset()
    {
        var rig = await bench.GetAsync("here");
        using var received = new SemaphoreSlim(0);
        var path = rig.Upstream.Script(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nha\r\n");
            await received.WaitAsync(request.Cancel);
            request.Connection.Close();
        });
        using var client = await rig.ConnectAsync();
        await client.SendAsync(rig.Head(path, "GET").Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal));
        await client.ReadHeadAsync();
        await client.ReadAsync(2);
        received.Release();

        await Assert.ThrowsAnyAsync<IOException>(client.ReadToEndAsync);
    }

    /// <summary>Asserts that a client sees that something is missing after the two bytes that it has read.</summary>
    private static void AssertCutShort(string framing, byte[] rest) =>
        Assert.True(framing is "length" ? rest.Length == 0 : !rest.AsSpan().EndsWith("0\r\n\r\n"u8), Encoding.Latin1.GetString(rest));

    private static string Paused(RawRig rig, string framing, int pause, params string[] pieces) => rig.Upstream.Script(async request =>
    {
        await request.ReadBodyAsync();
        foreach (var piece in pieces)
        {
            await request.SendAsync(piece);
            if (pause > 0)
            {
                await request.PauseAsync(pause);
            }
        }

        End(request, framing);
    });

    private static async Task<RawReply> AskAsync(RawRig rig, RawClient client, string path)
    {
        await client.SendAsync(rig.Head(path, "POST", "Content-Length: 2") + "{}");
        return await client.ReadReplyAsync();
    }

    /// <summary>Tries a few splits at once, each on a connection of its own.</summary>
    /// <summary>Every place where the answer can be cut in two; by day some of them, but all against what is handed out.</summary>
    private static IEnumerable<int> SplitsOf(string answer, string server) =>
        Nightly.Of(Enumerable.Range(1, answer.Length - 1), byDay: server == "published" ? 1 : 7);

    private static async Task EachAsync(IEnumerable<int> splits, Func<RawClient, int, Task> ask, RawRig rig) =>
        await Parallel.ForEachAsync(
            splits.Chunk(40), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Patience.Cancel }, async (some, _) =>
            {
                using var client = await rig.ConnectAsync();
                foreach (var split in some)
                {
                    await ask(client, split);
                }
            });

    private static string HeadOf(string framing, int length, string type = "application/json") =>
        $"HTTP/1.1 200 OK\r\ncontent-type: {type}\r\nrequest-id: req_1\r\n" + framing switch
        {
            "length" => $"content-length: {length}\r\n\r\n",
            "chunked" => "transfer-encoding: chunked\r\n\r\n",
            _ => "connection: close\r\n\r\n",
        };

    private static string Whole(string framing, string body, string type = "application/json") =>
        HeadOf(framing, body.Length, type) + framing switch
        {
            "chunked" when body.Length > 2 => $"2;a=b\r\n{body[..2]}\r\n{body.Length - 2:x}\r\n{body[2..]}\r\n0\r\nx-trailer: 1\r\n\r\n",
            "chunked" when body.Length > 0 => $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n",
            "chunked" => "0\r\n\r\n",
            _ => body,
        };

    private static void End(RawRequest request, string framing)
    {
        if (framing is "close")
        {
            request.Connection.Close();
        }
    }

    private static string BodyOf(int length) => string.Create(length, length, (text, _) =>
    {
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = (char)('a' + (i * 7 % 26));
        }
    });
}
