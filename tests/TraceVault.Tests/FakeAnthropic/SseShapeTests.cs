using System.Text;
using System.Text.Json.Nodes;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.FakeAnthropic;

public class SseShapeTests
{
    [Theory, InlineData(7), InlineData(10), InlineData(11), InlineData(200)]
    public void A_script_has_as_many_events_as_asked_for(int count)
    {
        var events = SseScript.Events(count, seed: 3);

        Assert.Equal(count, events.Count);
        Assert.Equal("message_start", events[0].Name);
        Assert.Equal(["message_delta", "message_stop"], events.TakeLast(2).Select(one => one.Name));
        Assert.Single(events, one => one.Name == "ping");
        Assert.All(events, one => Assert.Equal(one.Name, (string?)Data(one)["type"]));
    }

    [Fact]
    public void A_script_depends_on_its_seed_alone()
    {
        Assert.Equal(SseScript.Bytes(50, seed: 7), SseScript.Bytes(50, seed: 7));
        Assert.NotEqual(SseScript.Bytes(50, seed: 7), SseScript.Bytes(50, seed: 8));
    }

    [Fact]
    public void The_deltas_of_a_script_add_up_to_the_message_that_is_not_streamed()
    {
        var deltas = SseScript.Events(60).Where(one => one.Name == "content_block_delta").Select(one => Data(one)["delta"]!).ToArray();
        var message = JsonNode.Parse(SseScript.Json(60))!;

        Assert.Equal((string?)message["content"]![0]!["thinking"], string.Concat(deltas.Select(delta => (string?)delta["thinking"])));
        Assert.Equal(
            (string?)message["content"]![0]!["signature"],
            (string?)Assert.Single(deltas, delta => (string?)delta["type"] == "signature_delta")["signature"]);
        Assert.Equal((string?)message["content"]![1]!["text"], string.Concat(deltas.Select(delta => (string?)delta["text"])));
    }

    [Fact]
    public async Task A_canned_reply_is_what_the_script_says()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var streamed = await fake.AskAsync("reply;events=40;seed=9");
        using var whole = await fake.AskAsync("reply;events=40;seed=9", stream: false);

        Assert.Equal("text/event-stream", streamed.Content.Headers.ContentType!.MediaType);
        Assert.Equal(SseScript.Bytes(40, 9, "claude-test"), (await streamed.ReadToEndAsync()).Bytes);
        Assert.Equal(SseScript.Json(40, 9, "claude-test"), (await whole.ReadToEndAsync()).Bytes);
    }

    [Fact]
    public async Task Usage_splits_what_was_written_to_the_cache_by_lifetime()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync(stream: false, change: body => body["system"] = new JsonArray(new JsonObject
        {
            ["type"] = "text",
            ["text"] = new string('x', 4000),
            ["cache_control"] = new JsonObject { ["type"] = "ephemeral", ["ttl"] = "1h" },
        }));
        var usage = JsonNode.Parse((await response.ReadToEndAsync()).Bytes)!["usage"]!;

        Assert.True((int)usage["cache_creation"]!["ephemeral_1h_input_tokens"]! > 1000);
        Assert.Equal(0, (int)usage["cache_creation"]!["ephemeral_5m_input_tokens"]!);
        Assert.Equal("standard", (string?)usage["service_tier"]);
    }

    [Theory, InlineData(1), InlineData(3)]
    public async Task Usage_has_both_lifetimes_when_the_request_has_both(int turns)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync(stream: false, change: body =>
        {
            body["system"] = JsonNode.Parse(
                """[{"type":"text","text":"Long-lived.","cache_control":{"type":"ephemeral","ttl":"1h"}},"""
                + """{"type":"text","text":"Short.","cache_control":{"type":"ephemeral"}}]""");
            body["messages"] = new JsonArray(
                [.. Enumerable.Range(0, turns).Select(_ => JsonNode.Parse("""{"role":"user","content":"hello"}"""))]);
        });

        AssertBothLifetimes(JsonNode.Parse((await response.ReadToEndAsync()).Bytes)!["usage"]!);
    }

    [Fact]
    public void The_usage_of_a_canned_reply_leaves_no_count_out()
    {
        var start = Data(SseScript.Events(24)[0])["message"]!["usage"]!;
        var whole = JsonNode.Parse(SseScript.Json(24))!["usage"]!;
        var final = Data(SseScript.Events(24)[^2])["usage"]!;

        AssertBothLifetimes(start);
        AssertBothLifetimes(whole);
        Assert.Equal((int)whole["cache_creation_input_tokens"]!, (int)final["cache_creation_input_tokens"]!);
        Assert.All((string[])["input_tokens", "cache_read_input_tokens", "output_tokens"], name => Assert.True((int)whole[name]! > 0));
    }

    [Fact]
    public async Task A_forced_tool_is_called_with_the_input_that_its_schema_requires()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync(stream: false, change: body =>
        {
            body["tools"] = JsonNode.Parse(
                """[{"name":"weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]""");
            body["tool_choice"] = new JsonObject { ["type"] = "any" };
        });
        var message = JsonNode.Parse((await response.ReadToEndAsync()).Bytes)!;

        Assert.Equal("tool_use", (string?)message["stop_reason"]);
        Assert.NotNull(message["content"]![0]!["input"]!["city"]);
    }

    private static void AssertBothLifetimes(JsonNode usage)
    {
        var (minutes, hour) =
            ((int)usage["cache_creation"]!["ephemeral_5m_input_tokens"]!, (int)usage["cache_creation"]!["ephemeral_1h_input_tokens"]!);
        Assert.True(minutes > 0 && hour > 0, usage.ToJsonString());
        Assert.Equal(minutes + hour, (int)usage["cache_creation_input_tokens"]!);
    }

    private static JsonNode Data(SseEvent one)
    {
        var lines = Encoding.UTF8.GetString(one.Bytes.Span).Split('\n');
        Assert.Equal($"event: {one.Name}", lines[0]);
        Assert.Equal(["", ""], lines[2..]);
        return JsonNode.Parse(lines[1]["data: ".Length..])!;
    }
}
