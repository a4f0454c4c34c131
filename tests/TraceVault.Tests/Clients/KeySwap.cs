using System.Text;
using TraceVault.Accounts;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Clients;

/// <summary>What must hold of every request that reached the upstream, whatever a client sent.</summary>
internal static class KeySwap
{
    /// <summary>The stored key is there once, as x-api-key, and nothing in the head or the body is a token of ours.</summary>
    public static void AssertDone(IEnumerable<RecordedRequest> requests) => Assert.All(requests, request =>
    {
        var head = Encoding.Latin1.GetString(request.RawHead.Span);
        Assert.Equal([TestServer.AnthropicKey], request.Header("x-api-key"));
        Assert.Equal(2, head.Split(TestServer.AnthropicKey).Length);
        Assert.Empty(request.Header("authorization"));
        foreach (var prefix in (string[])[
            AccessToken.SessionPrefix,
            AccessToken.ProxyPrefix,
            AccessToken.RefreshPrefix,
            AccessToken.DevicePrefix])
        {
            Assert.DoesNotContain(prefix, head);
            Assert.DoesNotContain(prefix, Encoding.UTF8.GetString(request.Body.Span));
        }
    });
}
