using TraceVault.Capture.Reading;

namespace TraceVault.Tests.Capture;

public class TraceIdentityTests
{
    private static readonly RequestFacts InBody = new() { SessionId = "s-body" };

    [Fact]
    public void The_first_session_that_is_named_counts()
    {
        var headers = new TraceHeaders { CodeSession = "s-code", Session = "s-1", SessionAffinity = "s-2" };

        Assert.Equal("code:s-code", KeyOf(headers));
        Assert.Equal("session:s-1", KeyOf(headers with { CodeSession = null }));
        Assert.Equal("session:s-2", KeyOf(headers with { CodeSession = " ", Session = "a b" }));
        Assert.Equal("code:s-body", KeyOf(default));
        Assert.Null(TraceIdentity.Of(default, RequestFacts.None).SessionKey);
    }

    [Fact]
    public void Kinds_of_ids_never_meet() => Assert.NotEqual(
        KeyOf(new TraceHeaders { CodeSession = "x" }), KeyOf(new TraceHeaders { Session = "x" }));

    [Fact]
    public void A_version_that_names_its_session_in_the_metadata_alone_is_in_the_same_trace() => Assert.Equal(
        KeyOf(new TraceHeaders { CodeSession = "s-body" }), KeyOf(default));

    [Fact]
    public void Subagents_are_named_within_their_session()
    {
        var nested = TraceIdentity.Of(new TraceHeaders { CodeSession = "s", CodeAgent = "a1", CodeParentAgent = "a0" }, InBody);
        var main = TraceIdentity.Of(new TraceHeaders { CodeSession = "s", CodeParentAgent = "a0" }, InBody);

        Assert.Equal(("code:s", "a1", "a0"), (nested.SessionKey, nested.AgentId, nested.ParentAgentId));
        Assert.Equal((null, null), (main.AgentId, main.ParentAgentId));
    }

    [Fact]
    public void A_child_session_is_an_agent_of_its_parents_trace()
    {
        var child = TraceIdentity.Of(new TraceHeaders { Session = "ses_2", ParentSession = "ses_1" }, InBody);
        var itself = TraceIdentity.Of(new TraceHeaders { Session = "ses_1", ParentSession = "ses_1" }, InBody);

        Assert.Equal(("session:ses_1", "ses_2"), (child.SessionKey, child.AgentId));
        Assert.Equal(("session:ses_1", null), (itself.SessionKey, itself.AgentId));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("é")]
    [InlineData("a\u001b")]
    public void A_malformed_id_is_as_if_it_were_not_there(string id) =>
        Assert.Equal("code:s-body", KeyOf(new TraceHeaders { CodeSession = id }));

    [Fact]
    public void A_key_has_at_most_200_characters()
    {
        Assert.Equal(195, KeyOf(new TraceHeaders { CodeSession = new string('x', 190) })!.Length);
        Assert.Equal("code:s-body", KeyOf(new TraceHeaders { CodeSession = new string('x', 191) }));
    }

    [Theory]
    [InlineData("claude-cli/2.1.332 (external, cli)", "js", "0.128.0", "claude-code", "2.1.332")]
    [InlineData("opencode/1.18.33 ai-sdk", null, null, "opencode", "1.18.33")]
    [InlineData("pi/0.73.1", "js", "1.0.0", "pi", "0.73.1")]
    [InlineData("gsd-pi/3.0.0", null, null, "gsd", "3.0.0")]
    [InlineData("Anthropic/JS 1.14.0", "js", "1.14.0", "sdk-typescript", "1.14.0")]
    [InlineData("Anthropic/JS 1.14.0", null, null, "sdk-typescript", "1.14.0")]
    [InlineData("AsyncAnthropic/Python 0.90.1", null, null, "sdk-python", "0.90.1")]
    [InlineData(null, "csharp", "13.14.0", "sdk-csharp", "13.14.0")]
    [InlineData(null, "csharp", "<b>", "sdk-csharp", null)]
    [InlineData("Mozilla/5.0", null, null, "other", null)]
    [InlineData("claude-cli", null, null, "claude-code", null)]
    [InlineData(null, null, null, "other", null)]
    public void Clients_are_known_by_what_they_say(string? userAgent, string? language, string? version, string name, string? found) =>
        Assert.Equal(
            new ClientName(name, found),
            ClientName.Of(new TraceHeaders { UserAgent = userAgent, SdkLanguage = language, SdkVersion = version }));

    [Theory]
    [InlineData("git@example.com:team/thing.git", "git@example.com:team/thing.git")]
    [InlineData("  two words ", "two words")]
    [InlineData("naïve", null)]
    [InlineData("a\tb", null)]
    [InlineData("  ", null)]
    public void A_project_is_printable(string header, string? project) =>
        Assert.Equal(project, TraceIdentity.Of(new TraceHeaders { Project = header }, InBody).Project);

    [Fact]
    public void A_project_has_at_most_200_characters()
    {
        Assert.NotNull(TraceIdentity.Of(new TraceHeaders { Project = new string('x', 200) }, InBody).Project);
        Assert.Null(TraceIdentity.Of(new TraceHeaders { Project = new string('x', 201) }, InBody).Project);
    }

    [Theory]
    [InlineData("team=core,env=dev", "env=dev;team=core")]
    [InlineData(" team = core , bad, =x, y=, a b=c, env=d=e ", "env=d=e;team=core")]
    [InlineData("a=1,a=2", "a=2")]
    [InlineData("a=é,b=\u001b", "")]
    [InlineData(null, "")]
    public void Malformed_labels_are_left_out(string? header, string labels) => Assert.Equal(
        labels,
        string.Join(';', TraceIdentity.Of(new TraceHeaders { Labels = header }, InBody).Labels.Select(each => $"{each.Key}={each.Value}")));

    [Fact]
    public void Labels_are_few() => Assert.Equal(
        TraceLabels.MaxLabels, TraceLabels.Read(string.Join(',', Enumerable.Range(0, 50).Select(number => $"k{number}=v"))).Count);

    [Theory]
    [InlineData("POST", "/v1/messages", "message")]
    [InlineData("GET", "/v1/messages", "other")]
    [InlineData("POST", "/v1/messages/count_tokens", "count_tokens")]
    [InlineData("POST", "/v1/messages/batches", "other")]
    [InlineData("GET", "/v1/models", "models")]
    [InlineData("GET", "/v1/models/claude-opus-5-5", "models")]
    [InlineData("GET", "/v1/modelsx", "other")]
    public void The_path_says_what_an_exchange_is_for(string method, string path, string kind) =>
        Assert.Equal(kind, ExchangeKinds.Of(method, path).Word());

    private static string? KeyOf(TraceHeaders headers) => TraceIdentity.Of(headers, InBody).SessionKey;
}
