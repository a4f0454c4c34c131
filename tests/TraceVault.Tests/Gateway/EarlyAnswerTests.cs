namespace TraceVault.Tests.Gateway;

/// <summary>
/// An upstream that answers before it has read the request is believed: its answer arrives, whatever the upstream does then.
/// </summary>
[Collection(nameof(EarlyBench))]
public class EarlyAnswerTests(RawBench bench)
{
    /// <summary>A size in bytes that all buffers on the way together do not hold.</summary>
    private const int Large = 16 << 20;

    public static MatrixTheoryData<string, string> ServersAndManners =>
        new(
            RawBench.Servers.Select(row => row.Data),
            ["reads on", "closes", "resets", "leaves unread data", "ends sending", "sends an interim answer first"]);

    [Theory, MemberData(nameof(ServersAndManners), MemberType = typeof(EarlyAnswerTests))]
    public async Task Arrives_while_the_client_sends(string server, string manner)
    {
        var rig = await bench.GetAsync(server);
        await AllAsync<(int, string)>(
            [
                (200, "content-length"),
                (401, "transfer-encoding"),
                (413, "content-length"),
                (429, "transfer-encoding"),
                (529, "content-length")
            ],
            async each =>
            {
                var (status, framing) = each;
                var reply = await UploadAsync(rig, Script(rig, status, manner), framing);
                Assert.True(
                    (status, Body(status)) == (reply.Status, reply.Text),
                    $"{reply.Status}, not {status}: {reply.Text}\n{rig.LinesOf(reply)}");
                Assert.Null(reply.Header("x-tracevault-error"));
            });
    }

    /// <summary>The answer to what has come so far is passed on, even if the client sends nothing more.</summary>
    [Theory, MemberData(nameof(ServersAndManners), MemberType = typeof(EarlyAnswerTests))]
    public async Task Arrives_while_the_client_pauses(string server, string manner)
    {
        var rig = await bench.GetAsync(server);
        await AllAsync<string>(["content-length", "transfer-encoding"], async framing =>
        {
            using var client = await rig.ConnectAsync();
            await client.SendAsync(Head(rig, Script(rig, 429, manner), framing, 200_000));
            await client.SendAsync(framing is "content-length" ? "" : $"{100_000:x}\r\n");
            await client.SendAsync(new byte[100_000]);
            Assert.Equal((429, Body(429)), (await client.ReadReplyAsync()) is var reply ? (reply.Status, reply.Text) : default);
        });
    }

    /// <summary>A request can be refused for its head alone, so the head does not wait for the body.</summary>
    [Theory, MemberData(nameof(ServersAndManners), MemberType = typeof(EarlyAnswerTests))]
    public async Task Arrives_before_the_client_sends_a_body(string server, string manner)
    {
        var rig = await bench.GetAsync(server);
        await AllAsync<(string, string)>(
            [("content-length", ""), ("content-length", "{"), ("transfer-encoding", ""), ("transfer-encoding", "5\r\n{")], async each =>
            {
                var (framing, begun) = each;
                using var client = await rig.ConnectAsync();
                await client.SendAsync(Head(rig, Script(rig, 413, manner), framing, 20) + begun);
                Assert.Equal((413, Body(413)), (await client.ReadReplyAsync()) is var reply ? (reply.Status, reply.Text) : default);
            });
    }

    /// <summary>
    /// While the client pauses, the upstream gets all that the client has sent: each part arrives before the client sends the next one.
    /// </summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task What_was_sent_before_a_pause_arrives_during_it(string server)
    {
        var rig = await bench.GetAsync(server);
        var parts = ((int[])[0, 1, 100, 4095, 4096, 70_000, 1, 65_536, 30])
            .Select((size, index) => Enumerable.Repeat((byte)('a' + index), size).ToArray()).ToArray();
        foreach (var framing in (string[])["content-length", "transfer-encoding"])
        {
            using var arrived = new SemaphoreSlim(0);
            var path = rig.Upstream.Script(async request =>
            {
                foreach (var part in parts)
                {
                    Assert.Equal(part, framing is "content-length"
                        ? await request.Connection.ReadAsync(part.Length)
                        : await request.ReadChunksAsync(part.Length));
                    arrived.Release();
                }

                await (framing is "content-length" ? Task.CompletedTask : request.ReadChunksAsync(1)); // the last chunk
                await request.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
            });
            using var client = await rig.ConnectAsync();
            await client.SendAsync(Head(rig, path, framing, parts.Sum(part => part.Length)));
            foreach (var part in parts)
            {
                var isBare = framing is "content-length" || part.Length == 0; // a chunk of length 0 would be the last one
                await client.SendAsync(isBare ? "" : $"{part.Length:x}\r\n");
                await client.SendAsync(part);
                await client.SendAsync(isBare ? "" : "\r\n");
                await arrived.WaitAsync(Patience.Cancel);
            }

            await client.SendAsync(framing is "content-length" ? "" : "0\r\n\r\n");
            Assert.Equal("ok", (await client.ReadReplyAsync()).Text);
        }
    }

    /// <summary>A head that would be refused later is refused when it comes early, too, and at once.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task An_unsound_head_is_a_502_while_the_client_pauses(string server)
    {
        var rig = await bench.GetAsync(server);
        var sound = rig.Upstream.Answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        foreach (var before in (string[])["", "HTTP/1.1 103 Early Hints\r\n\r\n"])
        {
            foreach (var odd in (string[])["\0", "\r", "\u0001"])
            {
                foreach (var isUsed in (bool[])[false, true])
                {
                    await (isUsed ? rig.CallAsync(sound) : Task.CompletedTask);
                    var path = rig.Upstream.Script(async request =>
                    {
                        await request.PauseAsync(40);
                        await request.SendAsync(before);
                        await request.PauseAsync(40);
                        await request.SendAsync($"HTTP/1.1 200 OK\r\nx-odd: a{odd}b\r\ncontent-length: 2\r\n\r\nok");
                        await request.Connection.ProxyLeftAsync();
                    });
                    using var client = await rig.ConnectAsync();
                    await client.SendAsync(Head(rig, path, "content-length", 200_000));
                    await client.SendAsync(new byte[100_000]);
                    var reply = await client.ReadReplyAsync();
                    Assert.Equal((502, "upstream_unreachable"), (reply.Status, reply.Header("x-tracevault-error")));
                }
            }
        }
    }

    /// <summary>
    /// While the client pauses, anything that is not an answer is a 502, and many interim answers do not hide the final one.
    /// </summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task Whatever_comes_is_noticed_while_the_client_pauses(string server)
    {
        var rig = await bench.GetAsync(server);
        const string Refusal = "HTTP/1.1 429 Early\r\ncontent-length: 2\r\n\r\nno";
        await AllAsync<(int Status, string Sent)>(
            [
                (502, "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
                (502, "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nraw"),
                (502, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n"),
                (502, "EHLO foo\r\n"),
                (502, "\r\n" + Refusal),
                (502, "HTTP/1.1 1\r\n\r\n"),
                (502, "HTTP/1.1 1x0 Odd\r\n\r\n"),
                (429, string.Concat(Enumerable.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 200)) + Refusal),
                (429, $"HTTP/1.1 103 Early Hints\r\nlink: {new string('x', 20_000)}\r\n\r\n{Refusal}"),
                (502, $"HTTP/1.1 103 Early Hints\r\nlink: {new string('x', 100_000)}\r\n\r\n{Refusal}"),
            ],
            async each =>
            {
                var path = rig.Upstream.Script(async request =>
                {
                    await request.SendAsync(each.Sent);
                    await request.Connection.ProxyLeftAsync();
                });
                using var client = await rig.ConnectAsync();
                await client.SendAsync(Head(rig, path, "content-length", 1000) + "hello");
                var reply = await client.ReadReplyAsync();
                Assert.True(each.Status == reply.Status, $"{each.Sent[..Math.Min(40, each.Sent.Length)]}: {reply.Head}");
            });
    }

    /// <summary>The same on a connection that served before, where the HTTP client already reads while it writes.</summary>
    [Theory, MemberData(nameof(ServersAndManners), MemberType = typeof(EarlyAnswerTests))]
    public async Task Arrives_on_a_connection_that_served_before(string server, string manner)
    {
        var rig = await bench.GetAsync(server);
        var numbers = new List<int>();
        var first = rig.Upstream.Script(async request =>
        {
            numbers.Add(request.Connection.Number);
            await request.ReadBodyAsync();
            await request.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        });
        Assert.Equal(200, (await rig.CallAsync(first)).Status);
        var early = Script(rig, 413, manner, request => numbers.Add(request.Connection.Number));
        Assert.Equal(
            (413, Body(413)), (await UploadAsync(rig, early, "content-length")) is var reply ? (reply.Status, reply.Text) : default);
        Assert.Equal(numbers[0], numbers[1]);

        Assert.Equal(200, (await rig.CallAsync(first)).Status);
        using var pausing = await rig.ConnectAsync();
        await pausing.SendAsync(Head(rig, early, "content-length", 200_000));
        await pausing.SendAsync(new byte[100_000]);
        Assert.Equal((413, Body(413)), (await pausing.ReadReplyAsync()) is var late ? (late.Status, late.Text) : default);
        Assert.Equal(numbers[2], numbers[3]);

        for (var i = 0; i < 3; i++) // and the upload that was given up disturbs no later request
        {
            Assert.Equal((200, "ok"), (await rig.CallAsync(first)) is var next ? (next.Status, next.Text) : default);
        }
    }

    /// <summary>
    /// When many requests wait, the HTTP client hands a connection from one request to the next without checking whether it has ended.
    /// </summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task A_connection_that_ended_is_handed_to_nobody(string server)
    {
        await using var rig = await RawRig.StartAsync(server);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            for (var i = 0; i < (Nightly.IsOn || server == "published" ? 8 : 2); i++)
            {
                var reply = await UploadAsync(rig, Script(rig, 429, "ends sending"), "content-length");
                Assert.True(reply.Status is 429, $"{i}: {reply.Text}\n{rig.LinesOf(reply)}");
            }
        }));
    }

    /// <summary>
    /// The HTTP client checks the connections in its pool at intervals of a second or more. It then waits for a byte without reading it.
    /// </summary>
    [Fact]
    public async Task Arrives_on_a_connection_that_lay_in_the_pool()
    {
        await using var rig = await RawRig.StartAsync("here", "--Proxy:UpstreamIdleTimeout=00:00:04"); // checked every quarter of that time
        var numbers = new List<int>();
        var first = rig.Upstream.Answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        Assert.Equal(200, (await rig.CallAsync(first)).Status);
        await Task.Delay(TimeSpan.FromSeconds(2.5), TimeProvider.System, Patience.Cancel);

        using var client = await rig.ConnectAsync();
        await client.SendAsync(Head(
            rig, Script(rig, 413, "leaves unread data", request => numbers.Add(request.Connection.Number)), "content-length", 200_000));
        await client.SendAsync(new byte[100_000]);
        Assert.Equal((413, Body(413)), (await client.ReadReplyAsync()) is var reply ? (reply.Status, reply.Text) : default);
        Assert.Equal([1], numbers);
    }

    /// <summary>An upstream that reads on gets the whole body, each byte of it, although it has already answered.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task What_is_read_on_is_the_request(string server)
    {
        var rig = await bench.GetAsync(server);
        var body = new byte[8 << 20];
        new Random(3).NextBytes(body); // seeded, so that a failure can be repeated
        byte[]? rest = null;
        // Tried several times: on a machine so busy that nothing moves for a quarter of a second, the upload is ended.
        for (var attempt = 1; rest is null && attempt <= 5; attempt++)
        {
            var received = new TaskCompletionSource<byte[]>();
            var path = rig.Upstream.Script(async request =>
            {
                await request.Connection.ReadAsync(1000);
                await request.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                received.SetResult(await request.Connection.ReadAsync(body.Length - 1000));
            });
            using var client = await rig.ConnectAsync();
            await client.SendAsync(rig.Head(path, "POST", $"Content-Length: {body.Length}"));
            await client.SendAsync(body);

            Assert.Equal("ok", (await client.ReadReplyAsync()).Text);
            await Task.WhenAny(received.Task, Task.Delay(TimeSpan.FromSeconds(5), Patience.Cancel));
            rest = received.Task.IsCompletedSuccessfully ? await received.Task : null;
        }

        Assert.True(body.AsSpan(1000).SequenceEqual(rest));
    }

    /// <summary>An interim answer does not end the upload: the body is sent on, and the answer that follows is passed on.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task An_interim_answer_ends_no_upload(string server)
    {
        var rig = await bench.GetAsync(server);
        var body = new byte[4 << 20];
        new Random(5).NextBytes(body);
        byte[]? received = null;
        using var resumed = new SemaphoreSlim(0);
        var path = rig.Upstream.Script(async request =>
        {
            await request.SendAsync("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <");
            await request.SendAsync("/a>\r\n\r\nHTTP/1.1 10");
            await request.SendAsync("2 Processing\r\n\r\n");
            await request.PauseAsync(600); // longer than an upload that was answered may stand still
            received = await request.ReadBodyAsync();
            await request.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        });
        using var client = await rig.ConnectAsync();
        await client.SendAsync(rig.Head(path, "POST", $"Content-Length: {body.Length}"));
        await client.SendAsync(body);

        Assert.Equal("ok", (await client.ReadReplyAsync()).Text);
        Assert.Equal(body, received);
    }

    /// <summary>An upstream that ends the connection has not answered: that is a 502, at once, and not the client's fault.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task An_end_without_an_answer_is_a_502(string server)
    {
        var rig = await bench.GetAsync(server);
        foreach (var end in (Action<RawConnection>[])[one => one.Close(), one => one.Reset()])
        {
            var path = rig.Upstream.Script(async request =>
            {
                await request.Connection.ReadAsync(1000);
                end(request.Connection);
            });
            var reply = await UploadAsync(rig, path, "content-length");
            Assert.Equal((502, "upstream_unreachable"), (reply.Status, reply.Header("x-tracevault-error")));
        }
    }

    /// <summary>
    /// The same while the client pauses, on a connection that served before: the 502 comes at once, not only when the client sends on or
    /// its time is over.
    /// </summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task An_end_without_an_answer_is_a_502_while_the_client_pauses(string server)
    {
        await using var rig = await RawRig.StartAsync(server);
        var sound = rig.Upstream.Answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        foreach (var end in (Action<RawConnection>[])[one => one.Close(), one => one.Reset(), one => one.EndSending()])
        {
            foreach (var framing in (string[])["content-length", "transfer-encoding"])
            {
                await rig.CallAsync(sound);
                var path = rig.Upstream.Script(async request =>
                {
                    await request.PauseAsync(20);
                    end(request.Connection);
                    await (request.Connection.IsOver ? Task.CompletedTask : request.Connection.ProxyLeftAsync());
                });
                using var client = await rig.ConnectAsync();
                await client.SendAsync(Head(rig, path, framing, 200_000));
                await client.SendAsync(framing is "content-length" ? "" : $"{100_000:x}\r\n");
                await client.SendAsync(new byte[100_000]);
                var reply = await client.ReadReplyAsync();
                Assert.Equal((502, "upstream_unreachable"), (reply.Status, reply.Header("x-tracevault-error")));
                Assert.Contains("may have been carried out", reply.Text);
            }
        }
    }

    /// <summary>A request that may have been carried out is never sent again, not even one without a body.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task A_request_that_was_sent_is_not_repeated(string server)
    {
        await using var rig = await RawRig.StartAsync(server);
        foreach (var method in (string[])["GET", "POST", "DELETE"])
        {
            var arrived = 0;
            var path = rig.Upstream.Script(async request =>
            {
                Interlocked.Increment(ref arrived);
                await request.ReadBodyAsync();
                request.Connection.Close();
            });
            var ok = rig.Upstream.Answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");

            await rig.CallAsync(ok); // leaves a connection that can be used again
            var reply = await rig.CallAsync(path, method);

            Assert.Equal((502, 1), (reply.Status, arrived));
        }
    }

    /// <summary>The proxy notices when a connection ends in the pool, and takes another one: no client sees it.</summary>
    [Theory, MemberData(nameof(RawBench.Servers), MemberType = typeof(RawBench))]
    public async Task A_connection_that_ended_in_the_pool_takes_no_request(string server)
    {
        await using var rig = await RawRig.StartAsync(server);
        for (var i = 0; i < (Nightly.IsOn || server == "published" ? 50 : 12); i++)
        {
            var ended = new TaskCompletionSource();
            var path = rig.Upstream.Script(async request =>
            {
                await request.ReadBodyAsync();
                await request.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
                await request.SendAsync("ok");
                var heard = request.Connection.WatchEnd();
                if (i % 2 == 0)
                {
                    await request.Connection.DeliveredAsync(); // otherwise the reset would discard the answer
                    request.Connection.Reset();
                }
                else
                {
                    request.Connection.Close();
                }

                await heard(); // an end during a request is another matter: then the request may have been carried out
                ended.SetResult();
            });
            var reply = await rig.CallAsync(path, i % 3 == 0 ? "GET" : "POST");
            Assert.True(reply.Status is 200, $"{i}: {reply.Text}");
            await ended.Task.WaitAsync(Patience.Cancel);
        }
    }

    private static Task AllAsync<T>(T[] cases, Func<T, Task> tryAsync) => Task.WhenAll(cases.Select(tryAsync));

    private static string Body(int status) => $$"""{"type":"error","error":{"type":"status_{{status}}","message":"early"} }""";

    private static string Script(RawRig rig, int status, string manner, Action<RawRequest>? arrived = null) =>
        rig.Upstream.Script(async request =>
        {
            arrived?.Invoke(request);
            var body = Body(status);
            if (manner is "sends an interim answer first")
            {
                await request.SendAsync("HTTP/1.1 103 Early Hints\r\n\r\n");
                await request.PauseAsync(50);
            }

            await request.SendAsync(
                $"HTTP/1.1 {status} Early\r\ncontent-type: application/json\r\ncontent-length: {body.Length}\r\n\r\n{body}");
            switch (manner)
            {
                case "closes":
                    await request.Connection.DeliveredAsync(); // first, because unread data turns the close into a reset
                    request.Connection.Close();
                    break;
                case "resets":
                    await request.Connection.DeliveredAsync();
                    request.Connection.Reset();
                    break;
                case "ends sending":
                    request.Connection.EndSending();
                    await request.Connection.DeliveredAsync();
                    await request.Connection.ProxyLeftAsync();
                    break;
                case "leaves unread data":
                    await request.Connection.WaitForTestAsync();
                    break;
                default:
                    await request.ReadBodyAsync();
                    break;
            }
        });

    private static string Head(RawRig rig, string path, string framing, int length) =>
        rig.Head(path, "POST", framing is "content-length" ? $"Content-Length: {length}" : "Transfer-Encoding: chunked");

    /// <summary>Sends a large body and reads the answer at the same time.</summary>
    private static async Task<RawReply> UploadAsync(RawRig rig, string path, string framing)
    {
        using var client = await rig.ConnectAsync();
        var sending = SendAsync(rig, client, path, framing, Large);
        try
        {
            return await client.ReadReplyAsync();
        }
        finally
        {
            client.Leave();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendAsync(RawRig rig, RawClient client, string path, string framing, int length)
    {
        await client.SendAsync(Head(rig, path, framing, length));
        var piece = new byte[64 << 10];
        for (var sent = 0; sent < length; sent += piece.Length)
        {
            await client.SendAsync(framing is "content-length" ? "" : $"{piece.Length:x}\r\n");
            await client.SendAsync(piece);
            await client.SendAsync(framing is "content-length" ? "" : "\r\n");
        }

        await client.SendAsync(framing is "content-length" ? "" : "0\r\n\r\n");
    }
}
