using System.Text;
using CsCheck;
using TraceVault.Capture.Reading;
using TraceVault.Capture.Reading.Answers;

namespace TraceVault.Tests.Capture;

public class AnswerReaderTests
{
    private static readonly string Start = Joined(
        """
        event: message_start
        data: {"type":"message_start","message":{"model":"claude-opus-5-5","id":"msg_1","type":"message",\
        "stop_reason":null,"usage":{"input_tokens":12,"cache_creation":{"ephemeral_5m_input_tokens":3},"output_tokens":1,\
        "service_tier":"standard"}}}


        """);

    private const string Middle =
        """
        : a comment
        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"data: {\"type\":\"message_delta\"} é"}}

        event: ping
        data: {"type":"ping"}

        event: of_tomorrow
        data: {"type":"message_delta","usage":{"output_tokens":99}}


        """;

    private static readonly string End = Joined(
        """
        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":42,\
        "server_tool_use":{"web_search_requests":1},"service_tier":null}}

        event: message_stop
        data: {"type":"message_stop"}


        """);

    private static readonly string Merged = Joined(
        """
        {"input_tokens":12,"cache_creation":{"ephemeral_5m_input_tokens":3},"output_tokens":42,"service_tier":"standard",\
        "server_tool_use":{"web_search_requests":1}}
        """);

    private static readonly AnswerFacts Whole = new()
    {
        MessageId = "msg_1",
        Model = "claude-opus-5-5",
        StopReason = "end_turn",
        Usage = Merged,
        UsageSource = UsageSource.Final,
        IsStream = true,
        HasEnd = true,
    };

    [Fact]
    public void A_stream_is_folded() => Assert.Equal(Whole, Stream(Start + Middle + End));

    [Fact]
    public void A_stream_that_broke_off_has_what_its_start_said() => Assert.Equal(
        (UsageSource.Partial, "msg_1", null, false),
        Stream(Start + Middle, isWhole: false) is var facts
            ? (facts.UsageSource, facts.MessageId, facts.StopReason, facts.HasEnd) : default);

    [Fact]
    public void Wherever_a_stream_breaks_off_what_it_tells_is_true()
    {
        var bytes = Encoding.UTF8.GetBytes(Start + Middle + End);
        for (var length = 0; length < bytes.Length; length++)
        {
            using var reader = new AnswerReader("text/event-stream", null, 200);
            reader.Push(bytes.AsSpan(0, length));
            var facts = reader.Complete(false);
            Assert.True(facts.MessageId is null or "msg_1");
            Assert.True(facts.StopReason is null or "end_turn");
            Assert.True(facts.Usage is null || facts.Usage == Merged || facts.UsageSource == UsageSource.Partial);
        }
    }

    [Fact]
    public void Line_ends_names_and_splits_make_no_difference() => Gen.Select(
        Gen.Bool, Gen.Bool, Gen.Bool, Gen.Int[0, 60].Array[1, 40]).Sample(
        (isCrlf, isNamed, hasMark, splits) =>
        {
            var text = Start + (isNamed ? Middle : Middle.Replace("message_delta\",", "message_x\",")) + End;
            text = isNamed ? text : string.Join('\n', text.Split('\n').Where(line => !line.StartsWith("event:")));
            text = (hasMark ? "\uFEFF" : "") + text.TrimStart('\n');
            Assert.Equal(Whole, Split(Encoding.UTF8.GetBytes(isCrlf ? text.Replace("\n", "\r\n") : text), splits, "text/event-stream"));
        },
        iter: Nightly.IsOn ? 100_000 : 2_000);

    [Fact]
    public void Data_of_several_lines_and_a_missing_empty_line_at_the_end_are_read()
    {
        var facts = Stream("data: {\"type\":\"message_delta\",\nevent:message_delta\ndata:\"usage\":\ndata\ndata: {\"output_tokens\":7}}");
        var torn = Stream("data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":4\ndata: 2}}\n\n");

        Assert.Equal("{\"output_tokens\":7}", facts.Usage);
        Assert.Null(torn.Usage);
    }

    [Fact]
    public void An_error_within_a_stream_is_an_error() => Assert.Equal(
        (true, "overloaded_error", UsageSource.Partial),
        Stream(Start + "event: error\n" + """data: {"type":"error","error":{"message":"m","type":"overloaded_error"}}""") is var facts
            ? (facts.HasError, facts.ErrorType, facts.UsageSource) : default);

    [Theory]
    [InlineData("")]
    [InlineData("event: message_delta\n")]
    public void An_event_that_is_too_large_is_skipped_and_the_rest_is_read(string name)
    {
        var huge = Encoding.UTF8.GetBytes($"{name}data: {{\"type\":\"message_delta\",\"a\":\"{new string('x', EventLines.MaxEvent)}\","
            + "\"usage\":{\"output_tokens\":99}}\n\n");
        using var reader = new AnswerReader("text/event-stream; charset=utf-8", null, 200);
        reader.Push(Encoding.UTF8.GetBytes(Start));
        foreach (var piece in huge.Chunk(1 << 20))
        {
            reader.Push(piece);
        }

        reader.Push(Encoding.UTF8.GetBytes(End));
        Assert.Equal(Whole, reader.Complete(true));
    }

    [Fact]
    public void Events_that_say_nothing_cost_no_memory()
    {
        var delta = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Middle, 100)));
        using var reader = new AnswerReader("text/event-stream", null, 200);
        reader.Push(delta);
        reader.Push(delta.AsSpan(..500));
        reader.Push(delta.AsSpan(500..));

        var before = GC.GetAllocatedBytesForCurrentThread();
        reader.Push(delta);
        reader.Push(delta.AsSpan(..500));
        reader.Push(delta.AsSpan(500..));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_json_answer_is_read_at_its_top_level_however_it_is_split()
    {
        var json = Encoding.UTF8.GetBytes(
            """
             { "id": "msg_2","type":"message" , "model":"m","content":[{"type":"error","usage":{"a":1},"id":"no","text":"}\\\"]"}],
            "stop_reason":"tool_use","usage": {"input_tokens": 3, "iterations":[{"type":"message"}]} }
            """);
        Gen.Int[0, 60].Array[1, 20].Sample(
            splits => Assert.Equal(
                new AnswerFacts
                {
                    MessageId = "msg_2",
                    Model = "m",
                    StopReason = "tool_use",
                    Usage = "{\"input_tokens\": 3, \"iterations\":[{\"type\":\"message\"}]}",
                    UsageSource = UsageSource.Final,
                    HasEnd = true,
                },
                Split(json, splits, "application/json")),
            iter: 1_000);
    }

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"not_found_error","message":"m"}}""", 404, true, "not_found_error")]
    [InlineData("""{"type":"error","error":{"type":"api_\u001b[2Jerror"}}""", 200, true, "api_[2Jerror")]
    [InlineData("<html>", 502, true, null)]
    [InlineData("", 500, true, null)]
    [InlineData("""{"type":"message","error":null}""", 200, false, null)]
    [InlineData("""[{"type":"error"}]""", 200, false, null)]
    public void Errors_are_known_by_status_and_body(string body, int status, bool isError, string? type) =>
        Assert.Equal((isError, type), Json(body, status) is var facts ? (facts.HasError, facts.ErrorType) : default);

    [Theory]
    [InlineData("""{"input_tokens":331}""")]
    [InlineData("""{"usage":null}""")]
    [InlineData("""{"usage":[1]}""")]
    [InlineData("""{"usage":{"a":tru}}""")]
    [InlineData("""{"usage":{"a":1""")]
    public void Without_a_usage_there_is_none(string body) =>
        Assert.Equal((UsageSource.Absent, null), Json(body) is var facts ? (facts.UsageSource, facts.Usage) : default);

    [Theory]
    [InlineData(16_000, false)]
    [InlineData(17_000, true)]
    [InlineData(100_000, true)]
    public void A_usage_that_is_too_large_is_absent_and_said_to_be(int length, bool isTooLarge)
    {
        var usage = $$"""{"a":"{{new string('x', length)}}"}""";
        var facts = Json($$"""{"usage":{{usage}},"model":"m"}""");
        var streamed = Stream($$"""data: {"type":"message_delta","usage":{{usage}}}""" + "\n\n");

        Assert.Equal((isTooLarge, isTooLarge ? null : usage, "m"), (facts.IsUsageTooLarge, facts.Usage, facts.Model));
        Assert.Equal((isTooLarge, isTooLarge ? null : usage), (streamed.IsUsageTooLarge, streamed.Usage));
    }

    [Fact]
    public void A_model_is_no_message() => Assert.Null(Json("""{"type":"model","id":"claude-opus-5-5"}""").MessageId);

    [Fact]
    public void No_bytes_are_too_wild() => Gen.Select(
        Gen.Byte.Array[0, 80], Gen.Int[0, 700], Gen.OneOf<string?>("text/event-stream", "application/json", null),
        Gen.OneOf<string?>(null, "gzip", "br", "deflate", "zstd", "what")).Sample(
        (noise, at, type, encoding) =>
        {
            var text = Encoding.UTF8.GetBytes(type is "text/event-stream" ? Start + Middle + End : Merged);
            at %= text.Length;
            using var reader = new AnswerReader(type, encoding, 200);
            reader.Push(text.AsSpan(..at));
            reader.Push(noise);
            reader.Push(text.AsSpan(at..));
            reader.Complete(false);
            reader.Push(noise);
        },
        iter: Nightly.IsOn ? 100_000 : 2_000);

    /// <summary>A line of JSON is too long for a line of code: one that goes on ends in a backslash.</summary>
    private static string Joined(string text) => text.Replace("\\\n", "");

    internal static AnswerFacts Split(byte[] bytes, int[] splits, string type, string? encoding = null)
    {
        using var reader = new AnswerReader(type, encoding, 200);
        for (var (at, next) = (0, 0); at < bytes.Length; next++)
        {
            var length = Math.Min(bytes.Length - at, Math.Max(next % splits.Length == 0 ? 1 : 0, splits[next % splits.Length]));
            reader.Push(bytes.AsSpan(at, length));
            at += length;
        }

        return reader.Complete(true);
    }

    private static AnswerFacts Stream(string text, bool isWhole = true) => Read(text, "text/event-stream", 200, isWhole);

    private static AnswerFacts Json(string text, int status = 200) => Read(text, "application/json", status, true);

    private static AnswerFacts Read(string text, string type, int status, bool isWhole)
    {
        using var reader = new AnswerReader(type, null, status);
        reader.Push(Encoding.UTF8.GetBytes(text));
        return reader.Complete(isWhole);
    }
}
