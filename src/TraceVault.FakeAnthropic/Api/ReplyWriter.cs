using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;

namespace TraceVault.FakeAnthropic;

/// <summary>Sends bodies, with the faults that strike while they are sent.</summary>
internal static class ReplyWriter
{
    public static async Task WriteJsonAsync(Exchange exchange, JsonObject json)
    {
        var headOnly = HttpMethods.IsHead(exchange.Context.Request.Method);
        FaultKind[] placeless =
        [
            FaultKind.Silence, FaultKind.EndEarly, FaultKind.ErrorEvent, FaultKind.Huge,
            .. headOnly ? [FaultKind.CutMidEvent] : (FaultKind[])[],
        ];
        if (StrayFault.Find(exchange, placeless) is { } stray)
        {
            await StrayFault.RefuseAsync(exchange, stray, "an answer of this kind");
            return;
        }

        exchange.Response.ContentType = "application/json";
        var bytes = Encoding.UTF8.GetBytes(ReplyJson.Text(json));
        if (exchange.Find(FaultKind.Gzip) is not null)
        {
            bytes = Compress(exchange, bytes);
        }

        exchange.Response.ContentLength = bytes.Length;
        if (headOnly)
        {
            return;
        }

        if (exchange.Find(FaultKind.CutMidEvent) is { } cut)
        {
            await SendAsync(exchange.Response.Body, bytes.AsMemory(0, bytes.Length / 2), exchange.Cancel);
            await cut.CutAsync(exchange.Context);
            return;
        }

        await exchange.Response.Body.WriteAsync(bytes, exchange.Cancel);
    }

    public static async Task WriteEventsAsync(Exchange exchange, IReadOnlyList<SseEvent> events, TimeSpan pace)
    {
        var faults = StrayFault.OfStream(exchange);
        if (StrayFault.Find(faults, events.Count) is { } stray)
        {
            await StrayFault.RefuseAsync(exchange, stray, $"after {stray.After} of the {events.Count} events, or the stream ends before");
            return;
        }

        exchange.Response.ContentType = "text/event-stream; charset=utf-8";
        exchange.Response.Headers.CacheControl = "no-cache";
        await using var body = Body(exchange);
        await SendAsync(body, default, exchange.Cancel);
        var (clock, start, due, struck) = (exchange.Options.Clock, exchange.Options.Clock.GetTimestamp(), TimeSpan.Zero, 0);
        foreach (var (sent, one) in events.Index())
        {
            for (; struck < faults.Length && faults[struck].After == sent; struck++)
            {
                var fault = faults[struck];
                if (fault.Kind != FaultKind.Silence)
                {
                    await EndAsync(exchange, body, fault, one);
                    return;
                }

                await exchange.PauseAsync(fault);
                due = clock.GetElapsedTime(start);
            }

            if (due - clock.GetElapsedTime(start) is { Ticks: > 0 } early)
            {
                await Task.Delay(early, clock, exchange.Cancel);
            }

            await SendAsync(body, one.Bytes, exchange.Cancel);
            due += pace; // on a schedule, so that late timers do not add up
        }
    }

    /// <summary>Ends a stream as the fault says, in place of the event that would come next.</summary>
    private static async Task EndAsync(Exchange exchange, Stream body, Fault fault, SseEvent next)
    {
        if (fault.Kind == FaultKind.ErrorEvent)
        {
            await SendAsync(body, SseScript.Overloaded.Bytes, exchange.Cancel);
        }

        if (fault.Kind != FaultKind.CutMidEvent)
        {
            return;
        }

        await SendAsync(body, next.Bytes[..(next.Bytes.Length / 2)], exchange.Cancel);
        await fault.CutAsync(exchange.Context);
    }

    /// <summary>A message whose only text fills the body up to the given length; sent in pieces, never held as a whole.</summary>
    public static async Task WriteHugeAsync(Exchange exchange, long length)
    {
        FaultKind[] placeless = [FaultKind.Silence, FaultKind.CutMidEvent, FaultKind.EndEarly, FaultKind.ErrorEvent, FaultKind.Gzip];
        if (StrayFault.Find(exchange, placeless) is { } stray)
        {
            await StrayFault.RefuseAsync(exchange, stray, "a huge answer");
            return;
        }

        var reply = SseScript.Canned(SseScript.MinEvents, exchange.Seed, exchange.Model, thinking: false, Usage.Sample);
        var message = ReplyJson.Text(ReplyJson.Message(reply));
        var split = message.IndexOf("\"text\":\"", StringComparison.Ordinal) + 8;
        var (head, tail) = (Encoding.UTF8.GetBytes(message[..split]), Encoding.UTF8.GetBytes(message[split..]));
        var piece = new byte[64 << 10];
        piece.AsSpan().Fill((byte)'x');
        exchange.Response.ContentType = "application/json";
        exchange.Response.ContentLength = Math.Max(length, head.Length + tail.Length);
        await exchange.Response.Body.WriteAsync(head, exchange.Cancel);
        for (var left = length - head.Length - tail.Length; left > 0; left -= piece.Length)
        {
            await SendAsync(exchange.Response.Body, piece.AsMemory(0, (int)Math.Min(left, piece.Length)), exchange.Cancel);
        }

        await exchange.Response.Body.WriteAsync(tail, exchange.Cancel);
    }

    private static Stream Body(Exchange exchange)
    {
        if (exchange.Find(FaultKind.Gzip) is null)
        {
            return exchange.Response.Body;
        }

        exchange.Response.Headers.ContentEncoding = "gzip";
        return new GZipStream(exchange.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
    }

    private static async Task SendAsync(Stream body, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        if (!bytes.IsEmpty)
        {
            await body.WriteAsync(bytes, cancel);
        }

        await body.FlushAsync(cancel);
    }

    private static byte[] Compress(Exchange exchange, byte[] bytes)
    {
        exchange.Response.Headers.ContentEncoding = "gzip";
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return compressed.ToArray();
    }
}
