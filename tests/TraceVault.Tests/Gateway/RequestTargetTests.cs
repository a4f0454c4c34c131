using TraceVault.Gateway;

namespace TraceVault.Tests.Gateway;

public class RequestTargetTests(RequestTargetTests.Shared shared) : IClassFixture<RequestTargetTests.Shared>
{
    private static CancellationToken Cancel => Patience.Cancel;

    /// <summary>Targets that we refuse, with an error of our own.</summary>
    public static TheoryData<string> Hostile => new(
        "/v1/../admin", "/../v1/messages", "/v1/..", "/..", "/.", "/./v1/messages", "/v1/%2e%2e/admin", "/v1/%2E%2e/admin",
        "/v1/.%2e/admin", "/v1/%2e/messages", "/v1%2fmessages", "/v1%2Fmessages", "/%2e%2e%2fadmin", "//evil.example/v1/messages",
        "/v1//messages", "/v1/messages//", "/v1\\messages", "\\..\\admin", "/v1%5cmessages", "/v1%5Cmessages", "/v1/%252e%252e/admin",
        "/v1%252fmessages", "/v1%255cmessages", "/v1/%252E/x", "/v1/%2500", "/v1/messages#fragment", "%2f..%2fadmin",
        "/v1/messages/..?x=1");

    [Theory, MemberData(nameof(Hostile))]
    public async Task A_hostile_path_is_refused_and_nothing_reaches_the_upstream(string target)
    {
        var rig = shared.Rig;
        var before = rig.Upstream.Requests.Count;

        var answer = await RawHttp.SendAsync(rig.Server.Url, "/proxy/anthropic" + target, Cancel, $"x-api-key: {rig.Token}");

        Assert.Equal(400, answer.Status);
        Assert.Equal("bad_path", answer.Header("x-tracevault-error"));
        Assert.Equal("false", answer.Header("x-should-retry"));
        Assert.Equal(before, rig.Upstream.Requests.Count);
    }

    /// <summary>These are refused, too: by the web server, as another path, or as one for another host.</summary>
    [Theory]
    [InlineData("/proxy/anthropic/v1/%00", 400)]
    [InlineData("/proxy/anthropic/v1/messages%00.json", 400)]
    [InlineData("http://evil.example/proxy/anthropic/v1/messages", 400)]
    [InlineData("/proxy/../proxy/anthropic/v1/messages", 404)]
    [InlineData("/%70roxy/anthropic/v1/messages", 404)]
    [InlineData("/proxy/anthropicx/v1/messages", 404)]
    [InlineData("/PROXY/anthropic/v1/messages", 404)]
    [InlineData("//proxy/anthropic/v1/messages", 404)]
    public async Task A_path_that_only_looks_like_ours_reaches_nothing(string target, int status)
    {
        var rig = shared.Rig;
        var before = rig.Upstream.Requests.Count;

        var answer = await RawHttp.SendAsync(rig.Server.Url, target, Cancel, $"x-api-key: {rig.Token}");

        Assert.Equal(status, answer.Status);
        Assert.Equal(before, rig.Upstream.Requests.Count);
    }

    [Theory]
    [InlineData("/v1/messages?beta=true")]
    [InlineData("/v1/models?limit=1000&after_id=a%2Fb%20c+d&x=..%2f..//\\")]
    [InlineData("/v1/models/claude%2Dopus%7e4")]
    [InlineData("/v1/models/caf%C3%a9")]
    [InlineData("/v1/models/100%25")]
    [InlineData("/v1/models/...")]
    [InlineData("/v1/models/a..b")]
    [InlineData("/v1/models/%zz%")]
    [InlineData("/v1/messages?")]
    [InlineData("/v1/messages?a=1&a=1&&=&b")]
    [InlineData("/v1/files/;p=1,2:@!$&'()*+=")]
    public async Task Path_and_query_arrive_as_the_bytes_received(string target)
    {
        var rig = shared.Rig;

        var answer = await RawHttp.SendAsync(rig.Server.Url, "/proxy/anthropic" + target, Cancel, $"x-api-key: {rig.Token}");

        Assert.NotEqual(400, answer.Status);
        Assert.Equal(target, (await rig.Upstream.NextRequestAsync(Cancel)).Target);
    }

    [Fact]
    public async Task The_absolute_form_of_our_own_address_is_taken()
    {
        await using var rig = await ProxyRig.StartAsync();

        var answer = await RawHttp.SendAsync(
            rig.Server.Url, new Uri(rig.Server.Url, "/proxy/anthropic/v1/models").AbsoluteUri, Cancel, $"x-api-key: {rig.Token}");

        Assert.Equal(200, answer.Status);
        Assert.Equal("/v1/models", (await rig.Upstream.NextRequestAsync(Cancel)).Target);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("HEAD", "")]
    [InlineData("GET", "/")]
    [InlineData("HEAD", "/api/hello")]
    [InlineData("GET", "/api/hello")]
    [InlineData("GET", "?x=1")]
    public async Task Probes_are_answered_here_without_a_credential(string method, string path)
    {
        await using var rig = await ProxyRig.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), rig.Server.ProxyUrl.AbsoluteUri + path);

        using var answer = await rig.Client.SendAsync(request, Cancel);

        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, rig.Upstream.TotalConnections);
    }

    [Theory]
    [InlineData("", "/")]
    [InlineData("/", "/")]
    [InlineData("?x=1", "/?x=1")]
    [InlineData("/api/hello?x=1", "/api/hello?x=1")]
    public async Task What_is_sent_to_a_probes_path_by_another_method_is_forwarded(string path, string arrives)
    {
        await using var rig = await ProxyRig.StartAsync();

        using var answer = await rig.SendAsync(new StringContent("{}"), path, cancel: Cancel);

        Assert.Equal(arrives, (await rig.Upstream.NextRequestAsync(Cancel)).Target);
    }

    [Fact]
    public void A_path_for_the_log_holds_no_query_no_secret_and_no_control_character()
    {
        Assert.Equal("/proxy/anthropic/v1/messages", GatewayLog.PathForLog("/proxy/anthropic/v1/messages?key=sk-ant-1"));
        Assert.Equal("/proxy/anthropic/[redacted]", GatewayLog.PathForLog("/proxy/anthropic/tvs_abcdef/v1/messages"));
        Assert.Equal("/proxy/anthropic/[redacted]", GatewayLog.PathForLog("/proxy/anthropic/SK-ANT-api03"));
        Assert.Equal("/a?b?", GatewayLog.PathForLog("/a\u001bb\u0080"));
        Assert.Equal(203, GatewayLog.PathForLog("/" + new string('x', 5000)).Length);
    }

    /// <summary>One server for all targets.</summary>
    public sealed class Shared : IAsyncLifetime
    {
        internal ProxyRig Rig { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Rig = await ProxyRig.StartAsync();

        public ValueTask DisposeAsync() => Rig.DisposeAsync();
    }
}
