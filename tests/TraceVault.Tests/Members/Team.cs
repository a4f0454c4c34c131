using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Members;

/// <summary>Somebody who joined by invite: their session serves the API by token and pages by <see cref="Browser"/>.</summary>
internal sealed record Colleague(string Id, string Email, string Token, PageClient Browser);

/// <summary>A server with an owner, whom others join by invite.</summary>
internal sealed class Team : IAsyncDisposable
{
    public const string Password = "seven calm otters swim";

    private readonly List<PageClient> _browsers = [];

    private Team(TestDatabase database, TestServer server, string owner) => (Database, Server, Owner) = (database, server, owner);

    public TestDatabase Database { get; }

    public TestServer Server { get; }

    /// <summary>The owner's session token.</summary>
    public string Owner { get; }

    public static async Task<Team> StartAsync(
        string engine, TimeProvider? clock = null, Uri? upstream = null, int passwordIterations = 2_000)
    {
        var database = await TestDatabase.CreateAsync(engine);
        var server = await TestServer.StartAsync(database, upstream, clock, passwordIterations);
        return new Team(database, server, await server.SetUpAsync());
    }

    public PageClient Browser(string? session = null)
    {
        var browser = new PageClient(Server.Url);
        if (session is not null)
        {
            browser.Session = session;
        }

        _browsers.Add(browser);
        return browser;
    }

    /// <returns>The path of the link.</returns>
    public async Task<string> InviteAsync(string email, string role, string? by = null)
    {
        using var answer = await Server.ApiAsync(HttpMethod.Post, "/api/v1/invites", by ?? Owner, new { email, role });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return PathOf(await answer.Content.ReadFromJsonAsync<JsonElement>(Patience.Cancel));
    }

    /// <returns>The path of the link.</returns>
    public async Task<string> ResetAsync(string memberId, string? by = null)
    {
        using var answer = await Server.ApiAsync(HttpMethod.Post, $"/api/v1/members/{memberId}/password-reset", by ?? Owner);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return PathOf(await answer.Content.ReadFromJsonAsync<JsonElement>(Patience.Cancel));
    }

    public async Task<Colleague> JoinAsync(string name, string role)
    {
        var (email, browser) = ($"{name}@example.com", Browser());
        var link = await InviteAsync(email, role);
        var joined = await browser.FillInAsync(link, link, ("name", name), ("password", Password));
        Assert.Equal((HttpStatusCode.SeeOther, "/me/proxy/"), (joined.Status, joined.Location));
        return new Colleague(await IdOfAsync(browser.Session!), email, browser.Session!, browser);
    }

    public async Task<string> IdOfAsync(string token) =>
        (await Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", token)).GetProperty("id").GetString()!;

    /// <returns>The status of an API call by somebody.</returns>
    public async Task<int> CallAsync(string token, string method, string path, object? body = null)
    {
        using var answer = await Server.ApiAsync(new HttpMethod(method), path, token, body);
        return (int)answer.StatusCode;
    }

    public async Task<(int Status, string Text)> LogInAsync(string email, string password)
    {
        using var answer = await Server.Client.PostAsJsonAsync("/api/v1/auth/login", new { email, password }, Patience.Cancel);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Patience.Cancel));
    }

    /// <returns>A long-lived token of somebody's.</returns>
    public async Task<string> ProxyTokenAsync(string session)
    {
        using var answer = await Server.ApiAsync(HttpMethod.Post, "/api/v1/me/tokens", session, new { name = "ci" });
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Patience.Cancel)).GetProperty("token").GetString()!;
    }

    /// <returns>The error code of a proxied request, or null when the request went on to Anthropic.</returns>
    public async Task<string?> ProxyAsync(string token)
    {
        using var request = Server.ProxyRequest(token, "/v1/models");
        using var answer = await Server.Client.SendAsync(request, Patience.Cancel);
        return answer.Headers.TryGetValues("x-tracevault-error", out var codes) ? codes.Single() : null;
    }

    /// <returns>The events of the audit log, the oldest first, as <c>action outcome actor subject target</c>.</returns>
    public async Task<IReadOnlyList<string>> AuditAsync(string action)
    {
        await using var connection = await Database.OpenAsync();
        return (await connection.QueryAsync<string>(
            "select action || ' ' || outcome || ' ' || coalesce(actor_email, '-') || ' ' || coalesce(subject_email, '-') || ' ' "
                + "|| coalesce(target, '-')\n"
                + "from audit_events where action = @action order by id",
            new { action })).AsList();
    }

    public async Task<long> CountAsync(string table, string userId)
    {
        await using var connection = await Database.OpenAsync();
        return await connection.ExecuteScalarAsync<long>($"select count(*) from {table} where user_id = @userId", new { userId });
    }

    public async ValueTask DisposeAsync()
    {
        _browsers.ForEach(browser => browser.Dispose());
        await Server.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static string PathOf(JsonElement answer) => new Uri(answer.GetProperty("url").GetString()!).AbsolutePath;
}
