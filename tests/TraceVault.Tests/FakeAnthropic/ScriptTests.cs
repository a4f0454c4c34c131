using System.Text;
using System.Text.Json.Nodes;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.FakeAnthropic;

public class ScriptTests
{
    private const string WriteTool =
        """{"name":"Write","input_schema":{"type":"object","properties":{"file_path":{"type":"string"},"content":{"type":"string"}}}}""";

    [Fact]
    public async Task A_session_calls_the_tool_that_writes_and_ends_after_its_result()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(
            new() { Script = new("/home/ada/a file.txt", "naïve 🙂\n") }, FakeCalls.Cancel);
        var call = await TurnAsync(fake, "go");
        var tool = call["content"]!.AsArray()[^1]!;
        var last = await TurnAsync(
            fake, new JsonArray(new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = (string?)tool["id"], ["content"] = "ok" }));

        Assert.Equal(["text", "tool_use"], call["content"]!.AsArray().Select(block => (string?)block!["type"]));
        Assert.Equal("tool_use", (string?)call["stop_reason"]);
        Assert.Equal("""{"file_path":"/home/ada/a file.txt","content":"naïve 🙂\n"}""", tool["input"]!.ToJsonString(
            new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).Replace("\\uD83D\\uDE42", "🙂"));
        Assert.Equal("end_turn", (string?)last["stop_reason"]);
    }

    [Theory, InlineData("enabled", true), InlineData("adaptive", true), InlineData("disabled", false)]
    public async Task A_session_thinks_only_when_the_request_allows_it(string type, bool thinks)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new() { Script = new("/x", "y") }, FakeCalls.Cancel);
        var call = await TurnAsync(fake, "go", thinking: new JsonObject { ["type"] = type });

        Assert.Equal(thinks, (string?)call["content"]![0]!["type"] == "thinking");
    }

    [Fact]
    public async Task Path_and_content_come_from_the_prompt_when_the_script_has_none()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new() { Script = new() }, FakeCalls.Cancel);
        var call = await TurnAsync(
            fake, "Write notes/hello.txt containing \"Hello, world\"", "Primary working directory: /home/ada/place\nother");
        var input = call["content"]!.AsArray()[^1]!["input"]!;

        Assert.Equal("/home/ada/place/notes/hello.txt", (string?)input["file_path"]);
        Assert.Equal("Hello, world\n", (string?)input["content"]);
    }

    [Fact]
    public async Task The_streamed_input_of_the_call_adds_up_to_json()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new() { Script = new("/x", "y") }, FakeCalls.Cancel);
        using var response = await fake.AskAsync(change: body => body["tools"] = new JsonArray(JsonNode.Parse(WriteTool)));
        var text = Encoding.UTF8.GetString((await response.ReadToEndAsync()).Bytes);
        var input = string.Concat(text.Split('\n').Where(line => line.Contains("input_json_delta")).Select(
            line => (string?)JsonNode.Parse(line[6..])!["delta"]!["partial_json"]));

        Assert.Equal("/x", (string?)JsonNode.Parse(input)!["file_path"]);
    }

    [Fact]
    public async Task A_request_without_tools_gets_a_plain_answer_and_a_probe_one_token()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new() { Script = new() }, FakeCalls.Cancel);
        using var plain = await fake.AskAsync(stream: false);
        using var probe = await fake.AskAsync(stream: false, change: body => body["max_tokens"] = 1);

        Assert.Equal("end_turn", (string?)JsonNode.Parse((await plain.ReadToEndAsync()).Bytes)!["stop_reason"]);
        Assert.Equal("max_tokens", (string?)JsonNode.Parse((await probe.ReadToEndAsync()).Bytes)!["stop_reason"]);
    }

    /// <summary>As the API answers Claude Code in auto mode.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task A_client_that_asks_for_safeguards_is_told_that_each_call_is_harmless(bool stream)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new() { Script = new("/x", "y") }, FakeCalls.Cancel);
        foreach (var asks in (bool[])[true, false])
        {
            using var response = await fake.AskAsync(stream: stream, change: body =>
            {
                body["tools"] = new JsonArray(JsonNode.Parse(WriteTool));
                if (asks)
                {
                    body["safeguards"] = JsonNode.Parse(
                        """[{"type":"unknown"},{"type":"dangerous_tool_use","classifier_context":{"v":1}}]""");
                }
            });
            var text = Encoding.UTF8.GetString((await response.ReadToEndAsync()).Bytes);
            var end = JsonNode.Parse(stream
                ? text.Split('\n').Single(line => line.Contains("message_delta") && line.StartsWith("data", StringComparison.Ordinal))[6..]
                : text)!;
            var call = System.Text.RegularExpressions.Regex.Match(text, "toolu_01\\w+").Value;

            Assert.NotEqual("", call);
            Assert.Equal(
                asks
                    ? ("""[{"type":"dangerous_tool_use","status":{"type":"available","tool_uses":{"CALL":"""
                        + """{"type":"evaluated","outcome":"not_flagged"}}}}]""").Replace("CALL", call)
                    : null,
                (stream ? end["delta"]! : end)["safeguard_results"]?.ToJsonString());
        }
    }

    [Fact]
    public async Task A_reply_of_a_given_length_says_that_it_calls_nothing_dangerous()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new(), FakeCalls.Cancel);
        fake.EnqueueFault(Fault.Reply(24));
        using var response = await fake.AskAsync(
            change: body => body["safeguards"] = JsonNode.Parse("""[{"type":"dangerous_tool_use"}]"""));

        Assert.Contains("\"tool_uses\":{}", Encoding.UTF8.GetString((await response.ReadToEndAsync()).Bytes));
    }

    private static async Task<JsonNode> TurnAsync(
        FakeAnthropicServer fake, JsonNode content, string system = "", JsonObject? thinking = null)
    {
        using var response = await fake.AskAsync(stream: false, change: body =>
        {
            body["system"] = system;
            if (thinking is not null)
            {
                body["thinking"] = thinking;
            }

            body["tools"] = new JsonArray(JsonNode.Parse(WriteTool));
            body["messages"]!.AsArray().Add(new JsonObject { ["role"] = "user", ["content"] = content });
        });
        return JsonNode.Parse((await response.ReadToEndAsync()).Bytes)!;
    }
}
