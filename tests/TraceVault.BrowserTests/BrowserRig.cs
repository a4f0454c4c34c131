using System.Collections.Concurrent;
using TraceVault.FakeAnthropic;

namespace TraceVault.BrowserTests;

/// <summary>
/// A server in front of a fake upstream that accepts only <see cref="TestServer.AnthropicKey"/>, and a page in a browser that has never
/// visited the server.
/// </summary>
internal sealed class BrowserRig : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _complaints = new();

    private readonly SystemChromium _chromium;

    private BrowserRig(SystemChromium chromium, FakeAnthropicServer upstream, TestServer server, IPage page)
    {
        (_chromium, Upstream, Server, Page) = (chromium, upstream, server, page);
        page.Console += (_, message) => Complain(message);
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.RequestFailed += (_, request) => _complaints.Enqueue($"{request.Method} {request.Url}: {request.Failure}");
    }

    public FakeAnthropicServer Upstream { get; }

    public TestServer Server { get; }

    public IPage Page { get; }

    /// <summary>What the browser found wrong, scripts and styles that the policy forbids included.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public static async Task<BrowserRig> StartAsync(
        SystemChromium chromium, bool javaScript = true, TimeProvider? clock = null, params string[] settings)
    {
        var upstream = await FakeAnthropicServer.StartAsync(new() { ApiKey = TestServer.AnthropicKey }, Patience.Cancel);
        var server = await TestServer.StartAsync(null, upstream.Url, clock, settings: settings);
        var profile = await chromium.NewProfileAsync(server.Url, javaScript);
        return new BrowserRig(chromium, upstream, server, await profile.NewPageAsync());
    }

    /// <summary>Signs the browser in as the first user, and opens a page.</summary>
    public static async Task<BrowserRig> StartAtAsync(SystemChromium chromium, string path, bool javaScript = true)
    {
        var rig = await StartAsync(chromium, javaScript);
        await rig.SignInAsync();
        await rig.GoAsync(path);
        return rig;
    }

    public Task<IResponse?> GoAsync(string path) => Page.GotoAsync(path);

    /// <summary>Another person's browser, without cookies.</summary>
    public Task<IBrowserContext> NewProfileAsync() => _chromium.NewProfileAsync(Server.Url, javaScript: true);

    /// <summary>Creates the first user and signs the browser in as them.</summary>
    /// <returns>The session token.</returns>
    public async Task<string> SignInAsync()
    {
        var token = await Server.SetUpAsync();
        await Page.Context.AddCookiesAsync([
            new() { Name = "tv_session", Value = token, Url = Server.Url.AbsoluteUri, HttpOnly = true, SameSite = SameSiteAttribute.Lax }]);
        return token;
    }

    public async ValueTask DisposeAsync()
    {
        await Page.Context.DisposeAsync();
        await Server.DisposeAsync();
        await Upstream.DisposeAsync();
    }

    private void Complain(IConsoleMessage message)
    {
        // The status of the page itself is the answer to a form, and the test's to judge.
        var isStatus = message.Text.StartsWith("Failed to load resource: the server responded", StringComparison.Ordinal)
            && message.Location.StartsWith(Page.Url, StringComparison.Ordinal);
        if (message.Type is "error" or "warning" && !isStatus)
        {
            _complaints.Enqueue($"{message.Text} ({message.Location})");
        }
    }
}
