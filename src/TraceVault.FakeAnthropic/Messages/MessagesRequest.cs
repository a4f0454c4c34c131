using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace TraceVault.FakeAnthropic;

/// <summary>What the fake looks at in the body of /v1/messages and count_tokens.</summary>
internal sealed partial class MessagesRequest(JsonObject json, int bytes)
{
    public JsonObject Json => json;

    public string? Model => Text(json["model"]);

    public bool Stream => json["stream"] is JsonValue value && value.TryGetValue<bool>(out var stream) && stream;

    public int? MaxTokens => json["max_tokens"] is JsonValue value && value.TryGetValue<int>(out var tokens) ? tokens : null;

    public bool Thinks => Text(json["thinking"]?["type"]) is "enabled" or "adaptive";

    public IEnumerable<JsonObject> Tools => Objects(json["tools"]);

    public IReadOnlyList<JsonObject> Messages => [.. Objects(json["messages"])];

    /// <summary>One token for four bytes, which is near enough for English text and code.</summary>
    public int InputTokens => Math.Max(1, bytes / 4);

    /// <returns>Null for anything but a JSON object.</returns>
    public static MessagesRequest? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonNode.Parse(body.Span) is JsonObject json ? new(json, body.Length) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// When the request marks a prefix for the cache, the first turn writes it, and later turns read most of it and write the rest; half is
    /// written for each lifetime when both are marked.
    /// </summary>
    public Usage Usage()
    {
        var (fresh, prefix) = (Math.Min(InputTokens, 12), Math.Max(0, InputTokens - 12));
        var text = json.ToJsonString();
        var marks = CacheControl().Matches(text).Select(mark => OneHour().IsMatch(mark.Value)).ToHashSet();
        if (marks.Count == 0)
        {
            return new(InputTokens, 0, 0, 0, 0);
        }

        var read = Messages.Count > 1 ? prefix * 9 / 10 : 0;
        var written = prefix - read;
        var hour = marks.Count == 2 ? written / 2 : marks.Contains(true) ? written : 0;
        return new(fresh, read, written - hour, hour, 0);
    }

    /// <summary>
    /// What the API says about tool calls when a request asks for it (beta dangerous-tool-use), as Claude Code does in auto mode: here all
    /// are harmless. Without it Claude Code warns its user about whatever is between it and the API.
    /// </summary>
    /// <returns>Null when the request does not ask.</returns>
    public JsonArray? Judge(IEnumerable<Block> blocks)
    {
        if (!Objects(json["safeguards"]).Any(asked => Text(asked["type"]) is "dangerous_tool_use"))
        {
            return null;
        }

        var verdicts = new JsonObject(blocks.OfType<ToolUseBlock>().Select(call => KeyValuePair.Create<string, JsonNode?>(
            call.Id, new JsonObject { ["type"] = "evaluated", ["outcome"] = "not_flagged" })));
        var status = new JsonObject { ["type"] = "available", ["tool_uses"] = verdicts };
        return [new JsonObject { ["type"] = "dangerous_tool_use", ["status"] = status }];
    }

    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>The content blocks of a message; a plain string counts as one text block.</summary>
    public static IEnumerable<JsonObject> Blocks(JsonObject message) =>
        Text(message["content"]) is { } text ? [new JsonObject { ["type"] = "text", ["text"] = text }] : Objects(message["content"]);

    private static IEnumerable<JsonObject> Objects(JsonNode? list) => (list as JsonArray)?.OfType<JsonObject>() ?? [];

    [GeneratedRegex("""
        "cache_control":\{[^{}]*\}
        """)]
    private static partial Regex CacheControl();

    [GeneratedRegex("""("ttl":\s*"1h")""")]
    private static partial Regex OneHour();
}
