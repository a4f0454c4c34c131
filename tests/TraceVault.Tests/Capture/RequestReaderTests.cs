using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CsCheck;
using TraceVault.Capture.Reading;

namespace TraceVault.Tests.Capture;

public class RequestReaderTests
{
    private const string Session = "7844bec3-3809-452d-bcb1-527374032b2b";

    private const string Request =
        """
        {"model":"claude-opus-5-5","messages":[{"role":"user","content":[{"type":"text","text":"say \"hi\" \\"}]},
        {"role":"assistant","content":"ok"}],"system":"s","tools":[{"name":"Read"}],
        "metadata":{"user_id":"{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"7844bec3-3809-452d-bcb1-527374032b2b\"}"},
        "max_tokens":128000,"diagnostics":{"previous_message_id":"msg_9"},"stream":true}
        """;

    [Fact]
    public void Finds_what_a_coding_agent_says() => Assert.Equal(
        new RequestFacts
        {
            Model = "claude-opus-5-5",
            Stream = true,
            MaxTokens = 128000,
            SessionId = Session,
            PreviousMessageId = "msg_9",
            HasTools = true,
            Messages = 2,
            IsWhole = true,
        },
        Read(Request));

    [Theory]
    [InlineData($"user_0af3_account__session_{Session}", Session)]
    [InlineData($"user_0af3_account_{Session}_session_{Session}", Session)]
    [InlineData("user_0af3_account__session_mine", null)]
    [InlineData($"somebody_session_{Session}", null)]
    [InlineData("{\\\"session_id\\\":\\\"a b\\\"}", null)]
    [InlineData("{\\\"session_id\\\":5}", null)]
    [InlineData("{\\\"session_id\\\":\\\"s\\\"", null)]
    [InlineData("{\\\"session_id\\\":\\\"s\\\"}", "s")]
    [InlineData("\\u007b\\\"session\\\\u005fid\\\":\\\"s\\\"}", "s")]
    [InlineData("customer-17", null)]
    public void Takes_a_session_from_either_form_of_the_metadata_and_from_no_other(string userId, string? expected) =>
        Assert.Equal(expected, Read("{\"metadata\":{\"user_id\":\"" + userId + "\"}}").SessionId);

    [Theory]
    [InlineData("""{"messages":[{"model":"no","metadata":{"user_id":"user_1_account__session_7844bec3-3809-452d-bcb1-527374032b2b"}}]}""")]
    [InlineData("""{"messages":["\",\"model\":\"no\",\"stream\":true,"]}""")]
    [InlineData("""{"system":"\\","a":{"model":"no","stream":true,"max_tokens":1}}""")]
    [InlineData("""[{"model":"no","stream":true}]""")]
    [InlineData("\"model\":\"no\"")]
    [InlineData("""{"model":5,"stream":"true","max_tokens":1.5,"metadata":[],"tools":[],"thread":null}""")]
    public void Only_fields_at_the_top_level_count(string body) =>
        Assert.Equal(RequestFacts.None, Read(body) with { IsWhole = false, Messages = 0 });

    [Fact]
    public void Of_a_field_that_stands_twice_the_last_one_counts() => Assert.Equal(
        ("b", false, 1),
        (Read("""{"model":"a","m\u006fdel":"b"}""").Model, Read("""{"stream":true,"stream":false}""").Stream,
            Read("""{"messages":[1,2],"messages":[1]}""").Messages));

    [Fact]
    public void The_thread_says_which_answer_came_before_and_the_diagnostics_only_without_it() => Assert.Equal(
        "msg_1",
        Read("""{"diagnostics":{"previous_message_id":"msg_2"},"thread":{"previous_message_id":"msg_1"}}""").PreviousMessageId);

    [Fact]
    public void Texts_are_cut_and_nothing_invisible_is_in_them()
    {
        Assert.Equal("ab🙂c", Read("""{"model":"a\u001b\u202eb\ud83d\ude42\ud83d\nc"}""").Model!.Replace("\uFFFD", ""));
        Assert.Equal(200, Read($$"""{"model":"{{new string('m', 5000)}}"}""").Model!.Length);
        Assert.Null(Read("{\"thread\":{\"previous_message_id\":\"" + new string('m', 191) + "\"}}").PreviousMessageId);
    }

    [Fact]
    public void A_cut_body_tells_what_stands_before_the_cut()
    {
        var body = Encoding.UTF8.GetBytes(Request);
        for (var length = 0; length < body.Length - 1; length++)
        {
            var facts = RequestReader.Read(body.AsSpan(0, length), null, RequestWanted.All);
            Assert.False(facts.IsWhole);
            Assert.True(facts.Model is null or "claude-opus-5-5");
            Assert.True(facts.MaxTokens is null or 128000);
            Assert.True(facts.SessionId is null or Session);
            Assert.Equal(length > Request.IndexOf(",\"messages"), facts.Model is not null && length > 26);
        }
    }

    [Fact]
    public void Depth_and_bytes_that_are_no_text_cost_nothing()
    {
        var deep = $$"""{"a":{{new string('[', 5_000_000)}}{{new string(']', 5_000_000)}},"model":"m"}""";
        byte[] broken = [.. "{\"a\":\""u8, 0xFF, 0xC0, 0x00, .. "\",\"model\":\"m"u8, 0xFE, .. "\"}"u8];

        Assert.Equal("m", Read(deep).Model);
        Assert.Equal("m\uFFFD", RequestReader.Read(broken, null).Model);
    }

    [Fact]
    public void Asked_for_the_head_it_stops_at_the_model()
    {
        var facts = RequestReader.Read("{\"stream\":true,\"model\":\"m\",\"max_tokens\":1}"u8, null, RequestWanted.Head);
        Assert.Equal(new RequestFacts { Model = "m" }, facts);
    }

    [Fact]
    public void A_compressed_body_is_read_too_and_an_unknown_one_is_not()
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(Request));
        }

        Assert.Equal(Read(Request), RequestReader.Read(target.ToArray(), "gzip"));
        Assert.Equal(RequestFacts.None, RequestReader.Read(target.ToArray(), "compress"));
        Assert.Equal(RequestFacts.None, RequestReader.Read("not gzip"u8, "gzip"));
    }

    [Fact]
    public void A_strict_reader_finds_the_same_in_any_document() => JsonDocuments.Objects.Sample(
        json => Equal(StrictRequestReader.Read(json), Read(json)), iter: Nightly.IsOn ? 100_000 : 3_000);

    [Fact]
    public void No_bytes_are_too_wild() => Gen.Select(JsonDocuments.Objects, Gen.Byte.Array[0, 40], Gen.Int[0, 1000]).Sample(
        (json, noise, at) =>
        {
            var body = Encoding.UTF8.GetBytes(json);
            at %= body.Length + 1;
            foreach (var each in (byte[][])[noise, body[..at], [.. body[..at], .. noise, .. body[at..]]])
            {
                RequestReader.Read(each, null, RequestWanted.All);
                RequestReader.Read(each, "gzip", RequestWanted.All);
                RequestReader.Read(each, "br", RequestWanted.All);
                RequestReader.Read(each, "zstd", RequestWanted.All);
                RequestReader.Read(each, "deflate", RequestWanted.All);
            }
        },
        iter: Nightly.IsOn ? 100_000 : 1_000);

    private static RequestFacts Read(string body) => RequestReader.Read(Encoding.UTF8.GetBytes(body), null);

    private static void Equal(RequestFacts expected, RequestFacts facts) => Assert.Equal(
        JsonSerializer.Serialize(expected), JsonSerializer.Serialize(facts));
}
