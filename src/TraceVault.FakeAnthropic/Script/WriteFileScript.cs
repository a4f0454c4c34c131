using System.Text.Json.Nodes;

namespace TraceVault.FakeAnthropic;

/// <summary>
/// A coding session of two turns: the first request that offers a tool that writes files is answered with a call of that tool,
/// the request that brings the result with a closing sentence. The requests themselves say how far the session is.
/// </summary>
/// <param name="path">File to write; null takes it from the prompt (see <see cref="PromptText"/>).</param>
/// <param name="content">Its content; null takes what the prompt quotes, or a default line.</param>
public sealed class WriteFileScript(string? path = null, string? content = null)
{
    /// <summary>How known clients name the path: Claude Code file_path, opencode filePath, Pi path.</summary>
    private static readonly string[] PathNames = ["file_path", "filePath", "path"];

    /// <returns>Null when the request offers no tool that writes files.</returns>
    internal (IReadOnlyList<Block> Blocks, string StopReason)? Answer(MessagesRequest request, Seeded seeded)
    {
        if (FindTool(request) is not { } tool || request.Messages is not [.., var last])
        {
            return null;
        }

        var result = MessagesRequest.Blocks(last).LastOrDefault(block => MessagesRequest.Text(block["type"]) == "tool_result");
        if (result is not null)
        {
            return (Final(failed: result["is_error"]?.ToJsonString() == "true"), "end_turn");
        }

        var prompt = new PromptText(request);
        var input = new JsonObject { [tool.PathName] = path ?? prompt.Path, ["content"] = content ?? prompt.Content };
        var thought = $"The user wants a file. I will write {path ?? prompt.Path} in one call.";
        return (
        [
            .. request.Thinks ? [new ThinkingBlock(Words(thought), seeded.Signature())] : (Block[])[],
            new TextBlock(Words("I'll write the file now.")),
            new ToolUseBlock(seeded.Id("toolu_01"), tool.Name, ["", .. Slices(ReplyJson.Text(input))]),
        ], "tool_use");
    }

    /// <summary>Text in pieces of one word, as deltas carry it.</summary>
    internal static IReadOnlyList<string> Words(string text) =>
        [.. text.Split(' ').Select((word, index) => index == 0 ? word : " " + word)];

    /// <summary>JSON text in pieces of 16 characters, none of which cuts a surrogate pair.</summary>
    internal static IEnumerable<string> Slices(string json)
    {
        for (var start = 0; start < json.Length;)
        {
            var end = Math.Min(json.Length, start + 16);
            if (char.IsHighSurrogate(json[end - 1]))
            {
                end++;
            }

            yield return json[start..end];
            start = end;
        }
    }

    private static (string Name, string PathName)? FindTool(MessagesRequest request)
    {
        foreach (var tool in request.Tools)
        {
            if (tool["input_schema"]?["properties"] is not JsonObject properties || !properties.ContainsKey("content"))
            {
                continue;
            }

            if (Array.Find(PathNames, properties.ContainsKey) is { } pathName)
            {
                return (MessagesRequest.Text(tool["name"]) ?? "", pathName);
            }
        }

        return null;
    }

    private static Block[] Final(bool failed) =>
        [new TextBlock(Words(failed ? "The tool reported an error, so the file was not written." : "Done. The file is written."))];
}
