using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Clients;

/// <summary>
/// Where the real clients are pointed, and as whom: the proxy, for a user who has stored a key. Only this class knows what is behind it.
/// </summary>
internal sealed class ClientTarget : IAsyncDisposable
{
    private const string LiveUrl = "https://api.anthropic.com";

    private readonly TestServer _server;
    private readonly FakeAnthropicServer? _upstream;

    private ClientTarget(TestServer server, string token, FakeAnthropicServer? upstream) =>
        (_server, Token, _upstream) = (server, token, upstream);

    public Uri BaseUrl => _server.ProxyUrl;

    /// <summary>Where <c>tracevault login</c> goes.</summary>
    public Uri ServerUrl => _server.Url;

    /// <summary>The user's session token.</summary>
    public string Token { get; }

    /// <summary>What reached the upstream, oldest first.</summary>
    /// <exception cref="InvalidOperationException">The target is live.</exception>
    public IReadOnlyList<RecordedRequest> Requests => Upstream.Requests;

    private FakeAnthropicServer Upstream => _upstream ?? throw new InvalidOperationException("The live upstream does as it likes.");

    /// <summary>On loopback, all of it; the upstream takes the stored key and nothing else.</summary>
    public static async Task<ClientTarget> StartAsync()
    {
        var upstream = await FakeAnthropicServer.StartAsync(new() { ApiKey = TestServer.AnthropicKey, Script = new WriteFileScript() });
        var server = await TestServer.StartAsync(upstream: upstream.Url);
        return new ClientTarget(server, await server.SetUpWithKeyAsync(), upstream);
    }

    /// <summary>In front of api.anthropic.com, with the key from the environment stored; without one the test is skipped.</summary>
    public static async Task<ClientTarget> StartLiveAsync()
    {
        var key = Environment.GetEnvironmentVariable("ANTHROPIC_API_KEY") ?? "";
        Assert.SkipWhen(key.Length == 0, "ANTHROPIC_API_KEY is not set.");
        var server = await TestServer.StartAsync(upstream: new Uri(LiveUrl));
        return new ClientTarget(server, await server.SetUpWithKeyAsync(key), upstream: null);
    }

    /// <summary>All of them strike the next request that reaches the upstream.</summary>
    public void Expect(params Fault[] faults) => Upstream.EnqueueFault(faults);

    /// <summary>Completes when the upstream saw the oldest request not asked about before being cut off.</summary>
    public async Task RequestAbortedAsync(CancellationToken cancel)
    {
        var request = await Upstream.NextRequestAsync(cancel);
        await request.Aborted.WaitAsync(cancel);
    }

    /// <summary>As somebody who signs out everywhere but in their browser.</summary>
    public async Task EndSessionsAsync()
    {
        using var ended = await _server.ApiAsync(HttpMethod.Delete, "/api/v1/me/sessions", Token);
        ended.EnsureSuccessStatusCode();
    }

    /// <summary>Stops the server, so that no request is under way any more.</summary>
    /// <returns>What it logged of each request to the proxy.</returns>
    public async Task<IReadOnlyList<string>> StopAsync()
    {
        await _server.StopAsync();
        return [.. _server.Log.Lines.Where(line => line.StartsWith("Information TraceVault.Proxy ", StringComparison.Ordinal))];
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        if (_upstream is not null)
        {
            await _upstream.DisposeAsync();
        }
    }
}
