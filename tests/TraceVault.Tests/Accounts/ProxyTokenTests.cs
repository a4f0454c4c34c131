using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Gateway;
using TraceVault.Identity;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Accounts;

public class ProxyTokenTests
{
    private const string Path = "/api/v1/me/tokens";

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_token_is_shown_once_serves_the_proxy_and_is_revoked_at_once(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        var created = await CreateAsync(rig, new { name = " build server ", expires_in_days = 30 });
        var token = created.GetProperty("token").GetString()!;
        Assert.Matches("^tvp_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$", token);
        Assert.Equal(created.GetProperty("created_at").GetDateTime().AddDays(30), created.GetProperty("expires_at").GetDateTime());

        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: token, cancel: Cancel)).Status);
        var listed = Assert.Single((await rig.Server.ApiJsonAsync(HttpMethod.Get, Path, rig.Token)).EnumerateArray());
        Assert.Equal(("build server", "proxy"), (listed.GetProperty("name").GetString(), listed.GetProperty("scope").GetString()));
        Assert.DoesNotContain(token[4..], listed.GetRawText());

        var id = created.GetProperty("id").GetString();
        using var revoked = await rig.Server.ApiAsync(HttpMethod.Delete, $"{Path}/{id}", rig.Token);
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        Assert.Equal("invalid_token", (await rig.CallAsync(token: token, cancel: Cancel)).Code);
        using var again = await rig.Server.ApiAsync(HttpMethod.Delete, $"{Path}/{id}", rig.Token);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        KeySwapOf(rig);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_token_expires_on_its_day_however_often_it_is_used_and_one_without_a_day_never(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: engine, clock: clock);
        var week = (await CreateAsync(rig, new { name = "a week", expires_in_days = 7 })).GetProperty("token").GetString();
        var forever = (await CreateAsync(rig, new { name = "for good" })).GetProperty("token").GetString();
        for (var day = 0; day < 7; day++)
        {
            Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: week, cancel: Cancel)).Status);
            clock.Advance(TimeSpan.FromDays(1));
        }

        var (status, code, answer) = await rig.CallAsync(token: week, cancel: Cancel);
        Assert.Equal((HttpStatusCode.Unauthorized, "expired_token"), (status, code));
        Assert.Equal("false", answer.Headers.GetValues("x-should-retry").Single());
        Assert.Contains(
            "proxy token expired at 2026-01-08T00:00:00Z. Run `tracevault login`", await answer.Content.ReadAsStringAsync(Cancel));
        clock.Advance(TimeSpan.FromDays(100));
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: forever, cancel: Cancel)).Status);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_last_use_is_listed(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: engine, clock: clock);
        var token = (await CreateAsync(rig, new { name = "ci" })).GetProperty("token").GetString();
        clock.Advance(TimeSpan.FromHours(5));
        await rig.CallAsync(token: token, cancel: Cancel);
        var used = clock.GetUtcNow();

        await rig.Server.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<LastUseWriter>().Single().WriteAsync(
            Cancel);

        var listed = Assert.Single((await rig.Server.ApiJsonAsync(HttpMethod.Get, Path, rig.Token)).EnumerateArray());
        Assert.Equal(used.UtcDateTime, listed.GetProperty("last_used_at").GetDateTime());
        Assert.Equal(JsonValueKind.Null, listed.GetProperty("expires_at").ValueKind);
    }

    [Fact]
    public async Task Everything_but_the_proxy_refuses_a_token()
    {
        await using var rig = await ProxyRig.StartAsync();
        var token = (await CreateAsync(rig, new { name = "ci" })).GetProperty("token").GetString()!;
        foreach (var (method, path) in ((HttpMethod, string)[])[
            (HttpMethod.Get, "/api/v1/me"), (HttpMethod.Get, "/api/v1/me/anthropic-key"), (HttpMethod.Put, "/api/v1/me/anthropic-key"),
            (HttpMethod.Delete, "/api/v1/me/anthropic-key"), (HttpMethod.Get, "/api/v1/me/sessions"),
            (HttpMethod.Delete, "/api/v1/me/sessions/x"), (HttpMethod.Get, Path), (HttpMethod.Post, Path), (HttpMethod.Delete, Path + "/x"),
            (HttpMethod.Post, "/api/v1/auth/logout")])
        {
            using var answer = await rig.Server.ApiAsync(
                method, path, token, method == HttpMethod.Get ? null : new { name = "more", key = TestServer.AnthropicKey });
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("good only for the proxy", await answer.Content.ReadAsStringAsync(Cancel));
        }

        Assert.Single((await rig.Server.ApiJsonAsync(HttpMethod.Get, Path, rig.Token)).EnumerateArray());
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Another_users_tokens_are_neither_listed_nor_revoked(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        var created = await CreateAsync(rig, new { name = "mine" });
        await using (var connection = await rig.Database.OpenAsync())
        {
            await connection.ExecuteAsync(
                "insert into users (id, email, email_key, role, password_hash, created_at, updated_at) "
                + "values ('other', 'o@x', 'o@x', 'member', '-', 0, 0); update proxy_tokens set user_id = 'other'");
        }

        Assert.Empty((await rig.Server.ApiJsonAsync(HttpMethod.Get, Path, rig.Token)).EnumerateArray());
        using var revoked = await rig.Server.ApiAsync(HttpMethod.Delete, $"{Path}/{created.GetProperty("id").GetString()}", rig.Token);
        Assert.Equal(HttpStatusCode.NotFound, revoked.StatusCode);
        // A token uses the key of its own user, and this user has none.
        Assert.Equal("no_key", (await rig.CallAsync(token: created.GetProperty("token").GetString(), cancel: Cancel)).Code);
    }

    [Theory]
    [InlineData("""{}""", "name")]
    [InlineData("""{"name":"  "}""", "name")]
    [InlineData("""{"name":"a\u0007b"}""", "name")]
    [InlineData("""{"name":"my sk-ant-api03-canary"}""", "name")]
    [InlineData("""{"name":"x","expires_in_days":0}""", "expires_in_days")]
    [InlineData("""{"name":"x","expires_in_days":3651}""", "expires_in_days")]
    [InlineData("""{"name":"x","expires_in_days":1.5}""", "expires_in_days")]
    public async Task A_wrong_request_names_the_field(string body, string field)
    {
        await using var server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json")
        };
        request.Headers.Authorization = new("Bearer", await server.SetUpAsync());

        using var answer = await server.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True((await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").TryGetProperty(field, out _));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task There_is_a_most(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        var token = await server.SetUpAsync();
        var me = await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", token);
        var (user, session) = (me.GetProperty("id").GetString()!, me.GetProperty("session").GetProperty("id").GetString()!);
        var tokens = server.Services.GetRequiredService<ProxyTokens>();
        var actor = new Actor(user, TestServer.Email, new Origin(null, null));
        var other = (await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", await server.LogInAsync()))
            .GetProperty("session").GetProperty("id").GetString()!;

        // Two sessions at once: they wait for one another, or both would count before either has made its token. No more at once than the
        // database has connections.
        var made = 0;
        await Parallel.ForAsync(
            0,
            ProxyTokens.MaxPerUser + 10,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel },
            async (i, cancel) =>
            {
                if (await tokens.CreateAsync(user, i % 2 == 0 ? session : other, $"token {i}", null, actor, cancel) is not null)
                {
                    Interlocked.Increment(ref made);
                }
            });

        Assert.Equal(ProxyTokens.MaxPerUser, made);
        using var answer = await server.ApiAsync(HttpMethod.Post, Path, token, new { name = "one more" });

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_session_that_ended_while_it_asked_makes_no_token(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        var me = await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", await server.SetUpAsync());
        var (user, session) = (me.GetProperty("id").GetString()!, me.GetProperty("session").GetProperty("id").GetString()!);
        var actor = new Actor(user, TestServer.Email, new Origin(null, null));
        await server.Services.GetRequiredService<Sessions>().EndAsync(user, session, AuditActions.SessionEnded, actor);

        await Assert.ThrowsAsync<SessionOverException>(
            () => server.Services.GetRequiredService<ProxyTokens>().CreateAsync(user, session, "late", null, actor, Cancel));
    }

    private static void KeySwapOf(ProxyRig rig) => Clients.KeySwap.AssertDone(rig.Upstream.Requests);

    private static async Task<JsonElement> CreateAsync(ProxyRig rig, object request)
    {
        using var answer = await rig.Server.ApiAsync(HttpMethod.Post, Path, rig.Token, request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }
}
