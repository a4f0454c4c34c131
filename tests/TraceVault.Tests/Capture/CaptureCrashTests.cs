using System.Security.Cryptography;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Capture;

/// <summary>The server, as it is handed out, is killed while streams run: what a client had received is in the record.</summary>
public class CaptureCrashTests
{
    private const int Streams = 50;

    private static readonly int Rounds = Nightly.IsOn ? 100 : 5;

    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task After_kill_9_every_byte_that_a_client_received_is_in_the_record_once()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using var upstream = new RawUpstream();
        var path = upstream.Script(StreamAsync);
        var token = "";
        var received = new List<(string Id, byte[] Bytes)>();
        for (var round = 0; round < Rounds; round++)
        {
            var server = await PublishedServer.StartAsync(ServerProcess.Built, database, upstream.Url);
            if (round == 0)
            {
                token = await server.SetUpWithKeyAsync(maxConcurrent: Streams);
                await server.KeepAsync(token, "full");
            }

            received = [.. received, .. await ReadUntilKilledAsync(server, token, path)];
        }

        await using var last = await PublishedServer.StartAsync(ServerProcess.Built, database, upstream.Url);
        foreach (var (id, bytes) in received)
        {
            var exchange = await last.ExchangeAsync(token, id);
            Assert.Equal("interrupted", exchange.GetProperty("outcome").GetString());
            Assert.Equal(0, exchange.GetProperty("gap_bytes").GetInt64());
            var record = await last.BodyAsync(token, id, "response");
            Assert.True(record.AsSpan().StartsWith(bytes), $"{id}: {bytes.Length} bytes were received, {record.Length} are in the record.");
            Assert.Equal("{\"model\":\"m\"}"u8.ToArray(), await last.BodyAsync(token, id, "request"));
        }

        var traces = await last.ApiJsonAsync(HttpMethod.Get, "/api/v1/traces?limit=500", token);
        Assert.True(traces.GetProperty("traces").EnumerateArray().All(trace => trace.GetProperty("exchanges").GetInt64() == 1));
        Assert.Empty(upstream.Faults);
    }

    /// <summary>Events of all sizes, without an end.</summary>
    private static async Task StreamAsync(RawRequest request)
    {
        await request.ReadBodyAsync();
        await request.SendAsync("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
        while (true)
        {
            var data = RandomNumberGenerator.GetHexString(RandomNumberGenerator.GetInt32(2, 4000));
            var text = $"event: x\ndata: {data}\n\n";
            await request.SendAsync($"{text.Length:x}\r\n{text}\r\n");
            await request.PauseAsync(1);
        }
    }

    /// <summary>Kills the server once the streams together have received some random number of bytes.</summary>
    private static async Task<(string Id, byte[] Bytes)[]> ReadUntilKilledAsync(PublishedServer server, string token, string path)
    {
        var left = RandomNumberGenerator.GetInt32(Streams * 1_000, Streams * 40_000);
        var enough = new TaskCompletionSource();
        var reading = Enumerable.Range(0, Streams).Select(_ => Task.Run(async () =>
        {
            using var client = new HttpClient();
            using var body = new StringContent("{\"model\":\"m\"}");
            using var request = server.ProxyRequest(token, path, body);
            var (id, bytes, piece) = ("", new MemoryStream(), new byte[8192]);
            try
            {
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
                id = Records.IdOf(answer);
                await using var stream = await answer.Content.ReadAsStreamAsync(Cancel);
                while (await stream.ReadAsync(piece, Cancel) is > 0 and var read)
                {
                    await bytes.WriteAsync(piece.AsMemory(0, read), Cancel);
                    if (Interlocked.Add(ref left, -read) <= 0)
                    {
                        enough.TrySetResult();
                    }
                }
            }
            catch (Exception problem) when (problem is IOException or HttpRequestException)
            {
                // The server was killed.
            }

            return (id, bytes.ToArray());
        })).ToList();
        await enough.Task.WaitAsync(Cancel);
        await server.DisposeAsync(); // SIGKILL
        return [.. (await Task.WhenAll(reading)).Where(each => each.id.Length > 0)]; // the others got nothing
    }
}
