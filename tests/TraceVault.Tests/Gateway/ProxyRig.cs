using System.Net;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

/// <summary>A server in front of a fake upstream, with one user who has stored a key.</summary>
internal sealed class ProxyRig : IAsyncDisposable
{
    private readonly TestDatabase _database;

    private ProxyRig(TestDatabase database, FakeAnthropicServer upstream, TestServer server, string token) =>
        (_database, Upstream, Server, Token) = (database, upstream, server, token);

    public FakeAnthropicServer Upstream { get; }

    public TestServer Server { get; }

    /// <summary>The user's session token.</summary>
    public string Token { get; }

    public TestDatabase Database => _database;

    /// <summary>A client with connections of its own, which closes a connection at once when its answer is given up.</summary>
    public HttpClient Client { get; } = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero
    })
    {
        Timeout = Timeout.InfiniteTimeSpan
    };

    public static async Task<ProxyRig> StartAsync(
        FakeAnthropicOptions? upstream = null,
        string engine = "sqlite",
        TimeProvider? clock = null,
        int? maxConcurrent = null,
        params string[] settings)
    {
        var fake = await FakeAnthropicServer.StartAsync(upstream);
        var database = await TestDatabase.CreateAsync(engine);
        var server = await TestServer.StartAsync(database, fake.Url, clock, settings: settings);
        return new ProxyRig(database, fake, server, await server.SetUpWithKeyAsync(maxConcurrent: maxConcurrent));
    }

    /// <summary>A message that the fake answers as Anthropic would.</summary>
    public static StringContent Message(bool stream = false) => new(
        $$"""{"model":"claude-sonnet-4-5","max_tokens":100,"stream":{{(stream ? "true" : "false")}}"""
            + ""","messages":[{"role":"user","content":"Hello"}]}""",
        new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));

    /// <summary>Sends to the proxy and returns as soon as the answer's head is there.</summary>
    public Task<HttpResponseMessage> SendAsync(
        HttpContent? body = null, string path = "/v1/messages", string? token = null, CancellationToken cancel = default) =>
        Client.SendAsync(Server.ProxyRequest(token ?? Token, path, body), HttpCompletionOption.ResponseHeadersRead, cancel);

    /// <summary>Sends and reads the answer to its end.</summary>
    public async Task<(HttpStatusCode Status, string? Code, HttpResponseMessage Answer)> CallAsync(
        HttpContent? body = null, string path = "/v1/messages", string? token = null, CancellationToken cancel = default)
    {
        var answer = await SendAsync(body ?? Message(), path, token, cancel);
        await answer.Content.LoadIntoBufferAsync(cancel);
        return (answer.StatusCode, answer.Headers.TryGetValues("x-tracevault-error", out var codes) ? codes.Single() : null, answer);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        await Upstream.DisposeAsync();
        await _database.DisposeAsync();
    }
}
