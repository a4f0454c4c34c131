using System.Net;
using System.Net.Http.Headers;

namespace TraceVault.Tests.Gateway;

/// <summary>
/// What a client asks of its gateway besides the API is answered here, with a credential or without, and never forwarded.
/// </summary>
public class GatewayTests
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Settings_and_telemetry_stay_here(bool signedIn)
    {
        await using var rig = await ProxyRig.StartAsync();
        foreach (var (method, path, status) in ((HttpMethod, string, HttpStatusCode)[])[
            (HttpMethod.Get, "/managed/settings", HttpStatusCode.NotFound),
            (HttpMethod.Post, "/v1/metrics", HttpStatusCode.OK),
            (HttpMethod.Post, "/v1/logs?x=1", HttpStatusCode.OK),
            (HttpMethod.Post, "/v1/traces", HttpStatusCode.OK),
            (HttpMethod.Get, "/v1/traces", HttpStatusCode.MethodNotAllowed),
            (HttpMethod.Delete, "/managed/settings", HttpStatusCode.MethodNotAllowed)])
        {
            using var request = new HttpRequestMessage(method, rig.Server.ProxyUrl + path);
            request.Headers.Authorization = signedIn ? new AuthenticationHeaderValue("Bearer", rig.Token) : null;
            request.Content = method == HttpMethod.Post
                ? new ByteArrayContent(new byte[200_000]) { Headers = { ContentType = new("application/x-protobuf") } }
                : null;

            using var answer = await rig.Client.SendAsync(request, Patience.Cancel);

            Assert.Equal(status, answer.StatusCode);
            if (status == HttpStatusCode.OK)
            {
                Assert.Equal("{}", await answer.Content.ReadAsStringAsync(Patience.Cancel));
            }
        }

        Assert.Empty(rig.Upstream.Requests);
    }

    [Fact]
    public async Task Telemetry_is_bounded()
    {
        await using var rig = await ProxyRig.StartAsync();
        using var body = new ByteArrayContent(new byte[(4 << 20) + 1]);
        using var request = new HttpRequestMessage(HttpMethod.Post, rig.Server.ProxyUrl + "/v1/logs")
        {
            Content = body,
            Headers = { ExpectContinue = true }
        };
        using var answer = await rig.Client.SendAsync(request, Patience.Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    /// <summary>Only the exact spelling counts: any other is an ordinary path, which needs a token.</summary>
    [Theory,
        InlineData("/oauth/Token"),
        InlineData("/oauth/token/"),
        InlineData("/oauth/tokens"),
        InlineData("/managed/settings2"),
        InlineData("/v1/logs/x")]
    public async Task Another_spelling_is_no_endpoint(string path)
    {
        await using var rig = await ProxyRig.StartAsync();
        using var answer = await rig.Client.PostAsync(rig.Server.ProxyUrl + path, null, Patience.Cancel);
        Assert.Equal("missing_token", answer.Headers.GetValues("x-tracevault-error").Single());
    }
}
