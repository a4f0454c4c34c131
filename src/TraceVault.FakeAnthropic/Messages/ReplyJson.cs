using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TraceVault.FakeAnthropic;

/// <summary>An answer as the API writes it, not streamed: https://docs.anthropic.com/en/api/messages.</summary>
internal static class ReplyJson
{
    /// <summary>The real API leaves letters beyond ASCII as they are.</summary>
    private static readonly JsonSerializerOptions Raw = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(JsonNode node) => node.ToJsonString(Raw);

    /// <summary>The whole message, as one JSON object.</summary>
    public static JsonObject Message(Reply reply)
    {
        JsonArray content = [.. reply.Blocks.Select(block => (JsonNode)Whole(block))];
        var message = Envelope(reply, content, reply.StopReason, reply.Usage.OutputTokens);
        if (reply.SafeguardResults is { } results)
        {
            message["safeguard_results"] = results;
        }

        return message;
    }

    /// <summary>The message of a message_start event: no content yet, and one output token.</summary>
    public static JsonObject Opening(Reply reply) => Envelope(reply, [], null, 1);

    /// <summary>The block of a content_block_start event: everything but what the deltas bring.</summary>
    public static JsonObject Opening(Block block) => block switch
    {
        ThinkingBlock => new() { ["type"] = "thinking", ["thinking"] = "", ["signature"] = "" },
        ToolUseBlock tool => new() { ["type"] = "tool_use", ["id"] = tool.Id, ["name"] = tool.Name, ["input"] = new JsonObject() },
        _ => new() { ["type"] = "text", ["text"] = "" },
    };

    /// <summary>The delta of a message_delta event.</summary>
    public static JsonObject Ending(Reply reply)
    {
        var delta = new JsonObject { ["stop_reason"] = reply.StopReason, ["stop_sequence"] = null };
        if (reply.SafeguardResults is { } results)
        {
            delta["safeguard_results"] = results;
        }

        return delta;
    }

    /// <summary>The usage of a message_delta event; its counts are cumulative.</summary>
    public static JsonObject FinalUsage(Usage usage) => new()
    {
        ["input_tokens"] = usage.InputTokens,
        ["cache_creation_input_tokens"] = usage.CacheWrite5m + usage.CacheWrite1h,
        ["cache_read_input_tokens"] = usage.CacheRead,
        ["output_tokens"] = usage.OutputTokens,
    };

    private static JsonObject Whole(Block block) => block switch
    {
        ThinkingBlock thinking => new()
        {
            ["type"] = "thinking",
            ["thinking"] = thinking.Whole,
            ["signature"] = thinking.Signature,
        },
        ToolUseBlock tool => new()
        {
            ["type"] = "tool_use",
            ["id"] = tool.Id,
            ["name"] = tool.Name,
            ["input"] = JsonNode.Parse(tool.Whole),
        },
        _ => new() { ["type"] = "text", ["text"] = block.Whole },
    };

    private static JsonObject Envelope(Reply reply, JsonArray content, string? stopReason, int outputTokens) => new()
    {
        ["model"] = reply.Model,
        ["id"] = reply.Id,
        ["type"] = "message",
        ["role"] = "assistant",
        ["content"] = content,
        ["stop_reason"] = stopReason,
        ["stop_sequence"] = null,
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = reply.Usage.InputTokens,
            ["cache_creation_input_tokens"] = reply.Usage.CacheWrite5m + reply.Usage.CacheWrite1h,
            ["cache_read_input_tokens"] = reply.Usage.CacheRead,
            ["cache_creation"] = new JsonObject
            {
                ["ephemeral_5m_input_tokens"] = reply.Usage.CacheWrite5m,
                ["ephemeral_1h_input_tokens"] = reply.Usage.CacheWrite1h,
            },
            ["output_tokens"] = outputTokens,
            ["service_tier"] = "standard",
        },
    };
}
