using System.Text;
using System.Text.Json.Nodes;

namespace TraceVault.FakeAnthropic;

/// <summary>One server-sent event: its name, and all its bytes with the empty line that ends it.</summary>
public readonly record struct SseEvent(string Name, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// Makes realistic streams, the same bytes for the same arguments: https://docs.anthropic.com/en/docs/build-with-claude/streaming.
/// </summary>
public static class SseScript
{
    /// <summary>message_start, content_block_start, ping, one delta, content_block_stop, message_delta, message_stop.</summary>
    public const int MinEvents = 7;

    public const int MaxEvents = 1_000_000;

    public const string DefaultModel = "claude-sonnet-4-5-20250929";

    /// <summary>https://docs.anthropic.com/en/docs/build-with-claude/streaming#error-events.</summary>
    internal static readonly SseEvent Overloaded = new(
        "error",
        Encoding.UTF8.GetBytes(
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"));

    /// <summary>A thinking block adds a start, one delta, a signature and a stop.</summary>
    private const int MinThinkingEvents = MinEvents + 4;

    /// <returns>Exactly <paramref name="events"/> events; 11 or more begin with a thinking block.</returns>
    public static IReadOnlyList<SseEvent> Events(int events, int seed = 1, string model = DefaultModel) =>
        Events(Canned(events, seed, model, thinking: true, Usage.Sample), seed);

    /// <summary>The bytes of <see cref="Events(int, int, string)"/>, one after the other.</summary>
    public static byte[] Bytes(int events, int seed = 1, string model = DefaultModel)
    {
        var all = new MemoryStream();
        foreach (var one in Events(events, seed, model))
        {
            all.Write(one.Bytes.Span);
        }

        return all.ToArray();
    }

    /// <summary>The same message as <see cref="Bytes"/>, not streamed.</summary>
    public static byte[] Json(int events, int seed = 1, string model = DefaultModel) =>
        Encoding.UTF8.GetBytes(ReplyJson.Text(ReplyJson.Message(Canned(events, seed, model, thinking: true, Usage.Sample))));

    internal static Reply Canned(int events, int seed, string model, bool thinking, Usage usage)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(events, MinEvents);
        var seeded = new Seeded(seed);
        var id = seeded.Id("msg_01");
        var thinks = thinking && events >= MinThinkingEvents;
        var deltas = events - (thinks ? MinThinkingEvents - 2 : MinEvents - 1);
        var thoughts = thinks ? Math.Max(1, deltas / 3) : 0;
        List<Block> blocks = thinks ? [new ThinkingBlock(Phrases(thoughts), seeded.Signature())] : [];
        blocks.Add(new TextBlock(Phrases(deltas - thoughts)));
        return new Reply(id, model, blocks, "end_turn", usage with { OutputTokens = 3 * deltas });

        string[] Phrases(int count) => [.. Enumerable.Range(0, count).Select(_ => seeded.Phrase())];
    }

    /// <summary>The events of any answer; the seed decides how many spaces hide the length of each, as those of the real API do.</summary>
    internal static IReadOnlyList<SseEvent> Events(Reply reply, int seed)
    {
        var padding = new Seeded(~seed);
        List<SseEvent> events = [Event("message_start", new() { ["message"] = ReplyJson.Opening(reply) })];
        foreach (var (index, block) in reply.Blocks.Index())
        {
            events.Add(Event("content_block_start", new() { ["index"] = index, ["content_block"] = ReplyJson.Opening(block) }));
            if (index == 0)
            {
                events.Add(Event("ping", []));
            }

            foreach (var delta in Deltas(block))
            {
                events.Add(Event("content_block_delta", new() { ["index"] = index, ["delta"] = delta }));
            }

            events.Add(Event("content_block_stop", new() { ["index"] = index }));
        }

        events.Add(Event("message_delta", new()
        {
            ["delta"] = ReplyJson.Ending(reply),
            ["usage"] = ReplyJson.FinalUsage(reply.Usage),
        }));
        events.Add(Event("message_stop", []));
        return events;

        SseEvent Event(string name, JsonObject data)
        {
            data.Insert(0, "type", name);
            var json = ReplyJson.Text(data);
            var spaces = name == "ping" ? 0 : padding.Next(16);
            return new(
                name, Encoding.UTF8.GetBytes($"event: {name}\ndata: {json.AsSpan(0, json.Length - 1)}{new string(' ', spaces)}}}\n\n"));
        }
    }

    private static IEnumerable<JsonObject> Deltas(Block block)
    {
        var (type, member) = block switch
        {
            ThinkingBlock => ("thinking_delta", "thinking"),
            ToolUseBlock => ("input_json_delta", "partial_json"),
            _ => ("text_delta", "text"),
        };
        foreach (var piece in block.Pieces)
        {
            yield return new() { ["type"] = type, [member] = piece };
        }

        if (block is ThinkingBlock { Signature: var signature })
        {
            yield return new() { ["type"] = "signature_delta", ["signature"] = signature };
        }
    }
}
