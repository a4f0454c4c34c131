using System.Net.Http.Headers;
using System.Security.Cryptography;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Capture;

/// <summary>Exchanges of any bytes, in any pieces and framing, cut anywhere: what is read back is what was sent and received.</summary>
public class CaptureFuzzTests
{
    private static readonly int Exchanges = Nightly.IsOn ? 100_000 : 2_000;

    private static readonly string[] Types = ["application/json", "text/event-stream", "application/octet-stream", "text/plain; charset=x"];

    private static readonly string?[] Encodings = [null, null, "gzip", "br", "zstd", "unknown"];

    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task Fuzzed_exchanges_are_given_back_byte_for_byte()
    {
        var random = new Random(Environment.TickCount);
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using var upstream = new RawUpstream();
        await using var server = await TestServer.StartAsync(database, upstream.Url);
        var token = await server.SetUpWithKeyAsync(maxConcurrent: 64);
        await server.KeepAsync(token, "full");
        for (var done = 0; done < Exchanges; done += 500)
        {
            var seeds = Enumerable.Range(0, 500).Select(_ => random.Next()).ToList();
            var many = new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = Cancel };
            await Parallel.ForEachAsync(seeds, many, async (seed, _) =>
            {
                try
                {
                    await TryAsync(server, upstream, token, new Random(seed));
                }
                catch (Exception problem)
                {
                    throw new InvalidOperationException($"Seed {seed}: {problem.Message}", problem);
                }
            });
        }

        Assert.Empty(upstream.Faults);
    }

    private static async Task TryAsync(TestServer server, RawUpstream upstream, string token, Random random)
    {
        var (sent, answered) = (Body(random), Body(random));
        var isCut = random.Next(5) == 0;
        var path = upstream.Script(async request =>
        {
            await request.ReadBodyAsync();
            await AnswerAsync(request, answered, isCut, new Random(sent.Length));
        });
        using var client = new HttpClient();
        using var body = new ByteArrayContent(sent);
        body.Headers.ContentType = MediaTypeHeaderValue.Parse(Types[random.Next(Types.Length)]);
        using var call = server.ProxyRequest(token, path, body);
        if (random.Next(2) == 0)
        {
            call.Headers.Add("x-claude-code-session-id", $"session-{random.Next(20)}");
        }

        using var answer = await client.SendAsync(call, HttpCompletionOption.ResponseHeadersRead, Cancel);
        var received = await ReadAsync(answer);
        var id = Records.IdOf(answer);

        var exchange = await server.ExchangeAsync(token, id);
        Assert.Equal(0, exchange.GetProperty("gap_bytes").GetInt64());
        var (asked, record) = (await server.BodyAsync(token, id, "request"), await server.BodyAsync(token, id, "response"));
        Assert.True(record.AsSpan().StartsWith(received));
        if (answer.Headers.Contains("x-tracevault-error")) // the connection from the pool had been closed by a cut just then
        {
            Assert.Equal(received, record);
            return;
        }

        Assert.Equal(sent, asked);
        if (!isCut)
        {
            Assert.Equal(answered, record);
            Assert.Equal("ok", exchange.GetProperty("outcome").GetString());
        }
    }

    private static byte[] Body(Random random)
    {
        var bytes = new byte[random.Next(4) switch { 0 => 0, 1 => random.Next(200), 2 => random.Next(20_000), _ => random.Next(100_000) }];
        if (random.Next(2) == 0)
        {
            random.NextBytes(bytes);
        }
        else
        {
            RandomNumberGenerator.GetItems<byte>("{}[]\",:abc \n\\"u8, bytes.AsSpan());
        }

        return bytes;
    }

    private static async Task AnswerAsync(RawRequest request, byte[] body, bool isCut, Random random)
    {
        var isChunked = random.Next(2) == 0;
        var encoding = Encodings[random.Next(Encodings.Length)] is { } name ? $"content-encoding: {name}\r\n" : "";
        await request.SendAsync(
            $"HTTP/1.1 200 OK\r\ncontent-type: {Types[random.Next(Types.Length)]}\r\n{encoding}"
            + (isChunked ? "transfer-encoding: chunked\r\n\r\n" : $"content-length: {body.Length}\r\n\r\n"));
        for (var at = 0; at < body.Length;)
        {
            var length = Math.Min(body.Length - at, random.Next(1, 30_000));
            await request.SendAsync(isChunked ? $"{length:x}\r\n" : "");
            await request.SendAsync(body.AsMemory(at, length));
            await request.SendAsync(isChunked ? "\r\n" : "");
            at += length;
            if (isCut)
            {
                request.Connection.Close();
                return;
            }
        }

        await request.SendAsync(isChunked ? "0\r\n\r\n" : "");
    }

    /// <returns>What came, up to the end or the break.</returns>
    private static async Task<byte[]> ReadAsync(HttpResponseMessage answer)
    {
        var bytes = new MemoryStream();
        try
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(Cancel);
            await stream.CopyToAsync(bytes, Cancel);
        }
        catch (Exception problem) when (problem is IOException or HttpRequestException)
        {
            // It was cut.
        }

        return bytes.ToArray();
    }
}
