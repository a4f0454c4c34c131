using System.Text;
using TraceVault.Capture.Reading;

namespace TraceVault.Tests.Capture;

public class ConversationTests
{
    private const string First = """{"role":"user","content":"hello"}""";
    private const string Answer = """{"role":"assistant","content":[{"type":"text","text":"hi"}]}""";
    private const string Second = """{"role":"user","content":"and now?"}""";

    [Fact]
    public void Each_turn_goes_on_from_all_turns_before_it()
    {
        var turns = (Conversation[])[Read(First), Read(First, Answer, Second), Read(First, Answer, Second, Answer, First)];

        Assert.True(turns[1].Continues(turns[0]));
        Assert.True(turns[2].Continues(turns[0]));
        Assert.True(turns[2].Continues(turns[1]));
        Assert.Equal(4, turns[2].Earlier.Count());
        Assert.Equal(turns[1].Last, turns[2].Earlier.ElementAt(1));
        Assert.Equal(turns[0].Last, turns[2].Earlier.ElementAt(3));
    }

    [Fact]
    public void Nothing_goes_on_from_itself_or_from_what_is_longer()
    {
        Assert.False(Read(First).Continues(Read(First)));
        Assert.False(Read(First).Continues(Read(First, Answer, Second)));
        Assert.DoesNotContain(Read(First).Last, Read(First).Earlier);
    }

    [Fact]
    public void Conversations_that_begin_alike_part_where_they_differ()
    {
        const string Other = """{"role":"assistant","content":[{"type":"text","text":"hi!"}]}""";
        var (one, another) = (Read(First, Answer, Second), Read(First, Other, Second));

        Assert.True(another.Continues(Read(First)));
        Assert.False(Read(First, Other, Second, Answer, Second).Continues(one));
        Assert.True(Read(First, Other, Second, Answer, Second).Continues(another));
        Assert.False(Read(First, Answer, Second).Continues(Read(Second)));
        Assert.False(Read("""{"role":"assistant","content":"hello"}""", Answer).Continues(Read(First)));
    }

    [Fact]
    public void A_tool_loop_goes_on()
    {
        const string Call = """{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"Read","input":{"path":"a"}}]}""";
        const string Marked = """
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"x","cache_control":{"type":"ephemeral"}}]}
            """;
        const string Unmarked = """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"x"}]}""";
        const string OtherResult = """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"y"}]}""";
        var (before, after) = (Read(First, Call, Marked), Read(First, Call, Unmarked, Answer, Second));

        Assert.True(after.Continues(before));
        Assert.False(Read(First, Call, OtherResult, Answer, Second).Continues(before));
    }

    [Theory]
    [InlineData("""{"content":[{"type":"text","text":"hello"}],"role":"user"}""")]
    [InlineData("""{"role":"user","content":[{"type":"text","text":"hello","cache_control":{"type":"ephemeral","ttl":"1h"}}]}""")]
    [InlineData("""{"role": "user", "content": [ {"cache_control": null, "text": "hello", "type": "text"} ]}""")]
    public void A_text_is_the_same_as_a_string_and_as_a_block_marked_or_not(string first) =>
        Assert.True(Read(First, Answer, Second).Continues(Read(first)));

    [Theory]
    [InlineData("""[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b"}]""", true)]
    [InlineData("""[{"cache_control":{"type":"ephemeral"},"type":"text","text":"a"},{"type":"text","text":"b"}]""", true)]
    [InlineData("""[{"type":"text","cache_control":{"a":[1,"}"]},"text":"a"},{"type":"text","text":"b","cache_control":{}}]""", true)]
    [InlineData("""[{"type":"text","text":"a"},{"type":"text","text":"b \"cache_control\":{}"}]""", false)]
    [InlineData("""[{"type":"text","text":"a"},{"type":"text","text":"cache_control"}]""", false)]
    [InlineData("""[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"text","text":"b"}]""", false)]
    [InlineData("\"ab\"", false)]
    public void Only_the_mark_makes_no_difference(string content, bool isSame) => Assert.Equal(
        isSame,
        Read($$"""{"role":"user","content":{{content}}}""", Answer, Second)
            .Continues(Read("""{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}""")));

    [Theory]
    [InlineData("\\\"cache_control\\\":1,", "\\\"cache_control\\\":2,")]
    [InlineData("\\\\\\\"cache_control\\\" : {}", "\\\\\\\"cache_control\\\" : []")]
    public void A_text_about_the_mark_is_a_text(string one, string another) => Assert.False(
        Read(Blocks(one), Answer, Second).Continues(Read(Blocks(another))));

    [Fact]
    public void A_name_that_ends_like_the_mark_is_another_name()
    {
        const string Call = """{"role":"user","content":[{"type":"tool_use","input":{"a\"cache_control":1}}]}""";
        Assert.False(Read(Call, Answer).Continues(Read(Call.Replace(":1", ":2"))));
        Assert.True(Read(Call, Answer).Continues(Read(Call)));
    }

    [Fact]
    public void A_cut_body_is_no_conversation() => Assert.Null(
        RequestReader.Read("{\"messages\":[1],\"system\":\"s"u8, null, RequestWanted.Conversation).Conversation);

    [Fact]
    public void The_same_first_message_under_another_system_prompt_is_another_conversation()
    {
        Assert.False(Read("\"b\"", First, Answer, Second).Continues(Read("\"a\"", First)));
        Assert.True(Read("\"a\"", First, Answer, Second).Continues(Read("\"a\"", First)));
        Assert.True(Read("\"14:01\"", First, Answer, Second, Answer, First).Continues(Read("\"14:00\"", First, Answer, Second)));
    }

    [Fact]
    public void A_long_conversation_is_known_by_its_last_messages()
    {
        var messages = Enumerable.Range(0, 2000).Select(number => $$"""{"role":"user","content":"{{number}}"}""").ToArray();
        var whole = Read(messages);

        Assert.Equal(Conversation.MaxHashes - 1, whole.Earlier.Count());
        Assert.True(whole.Continues(Read(messages[..^5])));
        Assert.False(whole.Continues(Read(messages[..^1000])));
        Assert.False(whole.Continues(Read([.. messages[..^6], First])));
    }

    [Fact]
    public void Another_seed_gives_other_hashes() => Assert.NotEqual(Read(First).Last, Facts(First, 2).Conversation!.Last);

    [Theory]
    [InlineData("""{"model":"m","messages":[1],"stream":true}""")]
    [InlineData("""{"stream":true,"model":"m","messages":[1]}""")]
    [InlineData("""{"model":"m","stream":true,"messages":[1]}""")]
    [InlineData("""{"model":"m" , "str\u0065am" : false,"messages":[1]}""")]
    public void A_repetition_without_a_stream_has_the_same_hash(string body) =>
        Assert.Equal(HashOf("""{"model":"m","messages":[1]}"""), HashOf(body.Replace("\"m\" ,", "\"m\",")));

    [Theory]
    [InlineData("""{"model":"m","messages":[2],"stream":true}""")]
    [InlineData("""{"model":"m","messages":[1],"streams":true}""")]
    [InlineData("""{"model":"m","messages":[{"stream":true},1]}""")]
    [InlineData("not JSON")]
    public void Another_body_has_another_hash(string body) => Assert.NotEqual(HashOf("""{"model":"m","messages":[1]}"""), HashOf(body));

    private static ulong HashOf(string body) => RequestReader.Read(Encoding.UTF8.GetBytes(body), null, RequestWanted.BodyHash).BodyHash;

    private static string Blocks(string text) =>
        $$"""{"role":"user","content":[{"type":"text","text":"{{text}}"},{"type":"text","text":"b"}]}""";

    private static Conversation Read(params string[] messages) => Facts(string.Join(',', messages.Where(each => each[0] == '{')), 1,
        messages[0][0] == '"' ? messages[0] : "null").Conversation!;

    private static RequestFacts Facts(string messages, long seed, string system = "null") => RequestReader.Read(
        Encoding.UTF8.GetBytes($$"""{"messages":[{{messages}}],"system":{{system}}}"""), null, RequestWanted.Conversation, seed);
}
