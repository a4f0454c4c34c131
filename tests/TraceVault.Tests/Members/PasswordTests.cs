using System.Net;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Accounts;
using TraceVault.Members;

namespace TraceVault.Tests.Members;

public class PasswordTests
{
    private const string Other = "nine loud herons nest";

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_reset_link_sets_a_password_once_and_ends_everything_of_the_old_one(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        await team.Server.StoreKeyAsync(ada.Token);
        var proxyToken = await team.ProxyTokenAsync(ada.Token);
        var replaced = await team.ResetAsync(ada.Id);
        var link = await team.ResetAsync(ada.Id);
        var browser = team.Browser();

        Assert.Equal(HttpStatusCode.NotFound, (await browser.LookAsync(replaced)).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.LookAsync(link)).Status);
        Assert.Equal(200, (await team.LogInAsync(ada.Email, Team.Password)).Status); // until it is used
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.FillInAsync(link, link, ("password", "short"))).Status);
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.FillInAsync(link, link, ("password", Other))).Status);

        Assert.Equal(HttpStatusCode.NotFound, (await browser.LookAsync(link)).Status);
        Assert.Equal(ada.Id, await team.IdOfAsync(browser.Session!));
        Assert.Equal(("invalid_token", "invalid_token"), (await team.ProxyAsync(ada.Token), await team.ProxyAsync(proxyToken)));
        Assert.Equal(
            (401, 200), ((await team.LogInAsync(ada.Email, Team.Password)).Status, (await team.LogInAsync(ada.Email, Other)).Status));
        Assert.Equal(["password.reset done ada@example.com ada@example.com -"], await team.AuditAsync("password.reset"));
        Assert.Equal(2, (await team.AuditAsync("password.reset_issued")).Count);
    }

    /// <summary>Otherwise whoever may make a link could use the member's key, by setting the member's password.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_reset_link_does_not_give_the_key_to_whoever_made_the_link(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        await team.Server.StoreKeyAsync(ada.Token);
        var link = await team.ResetAsync(ada.Id);
        var owner = team.Browser(team.Owner);

        await owner.FillInAsync(link, link, ("password", Other));

        Assert.Equal(ada.Id, await team.IdOfAsync(owner.Session!));
        Assert.Equal("no_key", await team.ProxyAsync(owner.Session!));
        Assert.Equal(0, await team.CountAsync("user_anthropic_keys", ada.Id));
        Assert.Equal(["key.removed done ada@example.com ada@example.com -"], await team.AuditAsync("key.removed"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_reset_link_ends_after_a_day_and_with_the_account_disabled(string engine)
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow()); // browsers have their own: a cookie of the past is dropped
        await using var team = await Team.StartAsync(engine, clock);
        var ada = await team.JoinAsync("ada", "member");
        var browser = team.Browser();
        var old = await team.ResetAsync(ada.Id);
        clock.Advance(PasswordResets.Lifetime);
        Assert.Equal(HttpStatusCode.Gone, (await browser.LookAsync(old)).Status);

        var link = await team.ResetAsync(ada.Id);
        Assert.Equal(204, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{ada.Id}/disable"));

        Assert.Equal(HttpStatusCode.NotFound, (await browser.LookAsync(link)).Status);
        Assert.Equal(409, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{ada.Id}/password-reset"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Changing_ones_own_password_ends_the_other_sessions_and_the_tokens(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        await team.Server.StoreKeyAsync(ada.Token);
        var proxyToken = await team.ProxyTokenAsync(ada.Token);
        var other = team.Browser();
        await other.FillInAsync("/auth/login", "/auth/login", ("email", ada.Email), ("password", Team.Password));
        Assert.Equal(ada.Id, await team.IdOfAsync(other.Session!));

        var wrong = await ada.Browser.FillInAsync(
            "/me/password", "/me/password", ("current_password", "not the password"), ("new_password", Other));
        var poor = await ada.Browser.FillInAsync(
            "/me/password", "/me/password", ("current_password", Team.Password), ("new_password", "short"));
        var done = await ada.Browser.FillInAsync(
            "/me/password", "/me/password", ("current_password", Team.Password), ("new_password", Other));

        Assert.Equal(
            (HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.SeeOther), (wrong.Status, poor.Status, done.Status));
        Assert.Contains("not your current password", wrong.Text);
        Assert.Equal(ada.Id, await team.IdOfAsync(ada.Token));
        Assert.Equal(401, await team.CallAsync(other.Session!, "GET", "/api/v1/me"));
        Assert.Equal("invalid_token", await team.ProxyAsync(proxyToken));
        Assert.Equal(1, await team.CountAsync("user_anthropic_keys", ada.Id));
        Assert.Equal(
            ["password.changed failed ada@example.com ada@example.com -", "password.changed done ada@example.com ada@example.com -"],
            await team.AuditAsync("password.changed"));
    }

    [Fact]
    public async Task Guesses_of_the_current_password_are_throttled_as_sign_ins_are()
    {
        await using var team = await Team.StartAsync("sqlite");
        var ada = await team.JoinAsync("ada", "member");
        var guess = new { current_password = "not the password", new_password = Other };
        for (var i = 0; i < SignInThrottle.PerAccount; i++)
        {
            Assert.Equal(400, await team.CallAsync(ada.Token, "POST", "/api/v1/me/password", guess));
        }

        Assert.Equal(
            429,
            await team.CallAsync(ada.Token, "POST", "/api/v1/me/password", new { current_password = Team.Password, new_password = Other }));
        Assert.Equal(429, (await team.LogInAsync(ada.Email, Team.Password)).Status);
    }
}
