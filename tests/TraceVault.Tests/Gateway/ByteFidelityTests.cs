using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using CsCheck;
using Microsoft.AspNetCore.Http;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

public class ByteFidelityTests
{
    private const int Limit = 32 << 20;

    private static CancellationToken Cancel => Patience.Cancel;

    public static TheoryData<string> OddJson => new(
        """{"b":1,"a":2}""",
        """{"temperature":1.0,"n":1e0,"big":12345678901234567890}""",
        """{"text":"\u00e9 é \ud83d\ude00 😀 \/"}""",
        """{"a":1,"a":2}""",
        "{ \"a\" :\t1 ,\r\n \"b\": [ ] }  ",
        "\uFEFF{\"bom\":true}",
        "not JSON at all \0 \u0001",
        "");

    [Theory, MemberData(nameof(OddJson))]
    public async Task A_request_body_arrives_as_it_was_sent(string body)
    {
        await using var rig = await ProxyRig.StartAsync();

        using var answer = await rig.SendAsync(new StringContent(body), cancel: Cancel);

        var arrived = await rig.Upstream.NextRequestAsync(Cancel);
        var sent = System.Text.Encoding.UTF8.GetBytes(body);
        Assert.Equal(Hash(sent), arrived.BodySha256);
        Assert.Equal(sent.Length.ToString(), Assert.Single(arrived.Header("content-length")));
        Assert.Empty(arrived.Header("transfer-encoding"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_of_exactly_the_limit_passes(bool chunked)
    {
        await using var rig = await ProxyRig.StartAsync();
        var body = RandomNumberGenerator.GetBytes(Limit);

        using var answer = await rig.SendAsync(Content(body, chunked), cancel: Cancel);

        var arrived = await rig.Upstream.NextRequestAsync(Cancel);
        Assert.Equal(Limit, arrived.BodyLength);
        Assert.Equal(Hash(body), arrived.BodySha256);
        Assert.Equal(chunked, arrived.Header("transfer-encoding").Count == 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_byte_over_the_limit_is_413(bool chunked)
    {
        await using var rig = await ProxyRig.StartAsync();

        using var answer = await rig.SendAsync(Content(new byte[Limit + 1], chunked), cancel: Cancel);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("too_large", Assert.Single(answer.Headers.GetValues("x-tracevault-error")));
        Assert.Equal("false", Assert.Single(answer.Headers.GetValues("x-should-retry")));
        Assert.DoesNotContain(rig.Upstream.Requests, request => request.BodyLength > Limit);
    }

    [Fact]
    public async Task A_compressed_request_stays_compressed()
    {
        await using var rig = await ProxyRig.StartAsync();
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            await gzip.WriteAsync("""{"model":"claude"}"""u8.ToArray(), Cancel);
        }

        var content = Content(packed.ToArray(), chunked: false);
        content.Headers.ContentEncoding.Add("gzip");
        using var answer = await rig.SendAsync(content, cancel: Cancel);

        var arrived = await rig.Upstream.NextRequestAsync(Cancel);
        Assert.Equal(Hash(packed.ToArray()), arrived.BodySha256);
        Assert.Equal("gzip", Assert.Single(arrived.Header("content-encoding")));
    }

    [Fact]
    public async Task A_compressed_answer_stays_compressed()
    {
        await using var rig = await ProxyRig.StartAsync();
        var packed = RandomNumberGenerator.GetBytes(1000);
        rig.Upstream.Handler = async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.Body.WriteAsync(packed, Cancel);
        };

        using var answer = await rig.SendAsync(cancel: Cancel);

        Assert.Equal("gzip", Assert.Single(answer.Content.Headers.ContentEncoding));
        Assert.Equal(packed, await answer.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task An_unterminated_last_event_arrives_to_its_last_byte()
    {
        await using var rig = await ProxyRig.StartAsync();
        var stream = "event: ping\ndata: {}\n\n: a comment\n\nevent: message_stop\ndata: {\"type\":\"message_st"u8.ToArray();
        rig.Upstream.Handler = context => WriteStreamAsync(context, stream);

        using var answer = await rig.SendAsync(new StringContent("{}"), cancel: Cancel);

        Assert.Equal(stream, await answer.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal("no", Assert.Single(answer.Headers.GetValues("x-accel-buffering")));
    }

    [Fact]
    public async Task A_stream_cut_into_two_at_any_byte_arrives_whole()
    {
        await using var rig = await ProxyRig.StartAsync(new() { Record = false });
        var stream = SseScript.Bytes(Nightly.IsOn ? 50 : 20); // one request for each byte
        rig.Upstream.Handler = context => WriteStreamAsync(context, stream, int.Parse(context.Request.Query["cut"]!));

        await Parallel.ForAsync(
            0,
            stream.Length,
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Patience.Within(TimeSpan.FromMinutes(5)) },
            async (cut, cancel) =>
            {
                using var answer = await rig.SendAsync(new StringContent("{}"), $"/v1/messages?cut={cut}", cancel: cancel);
                Assert.Equal(Hash(stream), Hash(await answer.Content.ReadAsByteArrayAsync(cancel)));
            });
    }

    [Fact]
    public async Task Any_body_in_any_chunks_arrives_whole_in_both_directions()
    {
        await using var rig = await ProxyRig.StartAsync();
        var answerWith = Array.Empty<byte[]>();
        rig.Upstream.Handler = async context =>
        {
            foreach (var chunk in answerWith)
            {
                await context.Response.Body.WriteAsync(chunk, Cancel);
                await context.Response.Body.FlushAsync(Cancel);
            }
        };
        var chunks = Gen.Byte.Array[0, 70_000].Array[0, 6];

        await Gen.Select(chunks, chunks).SampleAsync(
            async (up, down) =>
            {
                answerWith = down;
                using var answer = await rig.SendAsync(new ChunkedContent(up), cancel: Cancel);
                var received = await answer.Content.ReadAsByteArrayAsync(Cancel);
                var arrived = await rig.Upstream.NextRequestAsync(Cancel);
                return arrived.BodySha256 == Hash([.. up.SelectMany(c => c)]) && Hash(received) == Hash([.. down.SelectMany(c => c)]);
            },
            iter: 60,
            threads: 1);
    }

    private static async Task WriteStreamAsync(HttpContext context, byte[] stream, int cut = 0)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        await context.Response.Body.WriteAsync(stream.AsMemory(0, cut), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await context.Response.Body.WriteAsync(stream.AsMemory(cut), context.RequestAborted);
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static HttpContent Content(byte[] body, bool chunked)
    {
        HttpContent content = chunked ? new ChunkedContent([body]) : new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>Sends without a length, and flushes after each piece.</summary>
    private sealed class ChunkedContent(byte[][] chunks) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var chunk in chunks)
            {
                await stream.WriteAsync(chunk);
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
