using System.Net;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Accounts;
using TraceVault.Identity;

namespace TraceVault.Tests.Members;

public class MembershipTests
{
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Disabling_ends_sessions_and_tokens_at_once_and_only_the_right_password_learns_of_it(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        var proxyToken = await team.ProxyTokenAsync(ada.Token);
        Assert.Equal(("no_key", "no_key"), (await team.ProxyAsync(ada.Token), await team.ProxyAsync(proxyToken))); // both are warm now

        Assert.Equal(204, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{ada.Id}/disable"));

        Assert.Equal(("invalid_token", "invalid_token"), (await team.ProxyAsync(ada.Token), await team.ProxyAsync(proxyToken)));
        Assert.Equal(401, await team.CallAsync(ada.Token, "GET", "/api/v1/me"));
        Assert.StartsWith("/auth/login", (await ada.Browser.LookAsync("/me/password")).Location);
        var (status, text) = await team.LogInAsync(ada.Email, Team.Password);
        Assert.Equal(403, status);
        Assert.Contains("This account is disabled", text);
        Assert.Equal(
            (await team.LogInAsync("nobody@example.com", "some other words")).Status,
            (await team.LogInAsync(ada.Email, "some other words")).Status);
        var page = await ada.Browser.FillInAsync("/auth/login", "/auth/login", ("email", ada.Email), ("password", Team.Password));
        Assert.Equal(HttpStatusCode.Forbidden, page.Status);
        Assert.Contains("This account is disabled", page.Text);

        Assert.Equal(204, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{ada.Id}/enable"));
        Assert.Equal(200, (await team.LogInAsync(ada.Email, Team.Password)).Status);
        Assert.Equal("invalid_token", await team.ProxyAsync(proxyToken));
        Assert.Equal(["member.disabled done owner@example.com ada@example.com -"], await team.AuditAsync("member.disabled"));
        Assert.Equal(["member.enabled done owner@example.com ada@example.com -"], await team.AuditAsync("member.enabled"));
        Assert.Contains("session.signed_in failed - ada@example.com disabled", await team.AuditAsync("session.signed_in"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_change_of_role_ends_sessions_and_tokens_at_once(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "admin");
        var proxyToken = await team.ProxyTokenAsync(ada.Token);
        Assert.Equal("no_key", await team.ProxyAsync(proxyToken));

        Assert.Equal(204, await team.CallAsync(team.Owner, "PUT", $"/api/v1/members/{ada.Id}/role", new { role = "member" }));

        Assert.Equal("invalid_token", await team.ProxyAsync(proxyToken));
        Assert.Equal(401, await team.CallAsync(ada.Token, "GET", "/api/v1/members"));
        Assert.Equal(["member.role_changed done owner@example.com ada@example.com member"], await team.AuditAsync("member.role_changed"));
        Assert.Equal(400, await team.CallAsync(team.Owner, "PUT", $"/api/v1/members/{ada.Id}/role", new { role = "root" }));
        Assert.Equal(400, await team.CallAsync(team.Owner, "PUT", $"/api/v1/members/{ada.Id}/role", new { }));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task When_somebody_was_last_seen_outlives_their_sessions(string engine)
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var team = await Team.StartAsync(engine, clock);
        var ada = await team.JoinAsync("ada", "admin");
        clock.Advance(TimeSpan.FromHours(3));
        Assert.Equal(200, await team.CallAsync(ada.Token, "GET", "/api/v1/me"));
        var seen = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(204, await team.CallAsync(team.Owner, "PUT", $"/api/v1/members/{ada.Id}/role", new { role = "member" }));

        var member = (await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/members", team.Owner)).EnumerateArray().Single(
            each => each.GetProperty("id").GetString() == ada.Id);
        Assert.Equal(seen.ToUnixTimeMilliseconds(), member.GetProperty("last_seen_at").GetDateTimeOffset().ToUnixTimeMilliseconds());
        Assert.DoesNotContain("no session", await team.Browser(team.Owner).ReadAsync("/admin/users"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Removing_deletes_everything_of_a_member_but_the_log(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        await team.Server.StoreKeyAsync(ada.Token);
        var proxyToken = await team.ProxyTokenAsync(ada.Token);
        await team.ProxyAsync(proxyToken);

        Assert.Equal(204, await team.CallAsync(team.Owner, "DELETE", $"/api/v1/members/{ada.Id}"));
        Assert.Equal(404, await team.CallAsync(team.Owner, "DELETE", $"/api/v1/members/{ada.Id}"));

        Assert.Equal("invalid_token", await team.ProxyAsync(proxyToken));
        Assert.Equal((0, 0, 0), (
            await team.CountAsync("auth_sessions", ada.Id),
            await team.CountAsync("proxy_tokens", ada.Id),
            await team.CountAsync("user_anthropic_keys", ada.Id)));
        Assert.Equal(401, (await team.LogInAsync(ada.Email, Team.Password)).Status);
        Assert.Equal(["member.removed done owner@example.com ada@example.com member"], await team.AuditAsync("member.removed"));
        Assert.Equal(["member.joined done ada@example.com ada@example.com member"], await team.AuditAsync("member.joined"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Sessions_of_a_member_are_ended_and_their_tokens_go_on(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        var proxyToken = await team.ProxyTokenAsync(ada.Token);
        await team.ProxyAsync(ada.Token);

        Assert.Equal(204, await team.CallAsync(team.Owner, "DELETE", $"/api/v1/members/{ada.Id}/sessions"));

        Assert.Equal(("invalid_token", "no_key"), (await team.ProxyAsync(ada.Token), await team.ProxyAsync(proxyToken)));
        Assert.Equal(["session.all_ended done owner@example.com ada@example.com 1"], await team.AuditAsync("session.all_ended"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_last_owner_stays(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var me = await team.IdOfAsync(team.Owner);

        Assert.Equal(409, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{me}/disable"));
        Assert.Equal(409, await team.CallAsync(team.Owner, "DELETE", $"/api/v1/members/{me}"));
        Assert.Equal(409, await team.CallAsync(team.Owner, "PUT", $"/api/v1/members/{me}/role", new { role = "admin" }));

        var second = await team.JoinAsync("ada", "owner");
        Assert.Equal(204, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{second.Id}/disable"));
        Assert.Equal(409, await team.CallAsync(team.Owner, "DELETE", $"/api/v1/members/{me}")); // a disabled owner does not count
        Assert.Equal(204, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{second.Id}/enable"));
        Assert.Equal(204, await team.CallAsync(team.Owner, "PUT", $"/api/v1/members/{me}/role", new { role = "member" }));
    }

    [Theory]
    [InlineData("sqlite", "disable")]
    [InlineData("postgres", "disable")]
    [InlineData("sqlite", "remove")]
    [InlineData("postgres", "remove")]
    [InlineData("sqlite", "demote")]
    [InlineData("postgres", "demote")]
    public async Task Of_two_owners_who_turn_on_each_other_at_the_same_moment_one_is_left(string engine, string how)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "owner");
        var me = await team.IdOfAsync(team.Owner);
        Task<int> TurnAsync(string by, string on) => how switch
        {
            "disable" => team.CallAsync(by, "POST", $"/api/v1/members/{on}/disable"),
            "remove" => team.CallAsync(by, "DELETE", $"/api/v1/members/{on}"),
            _ => team.CallAsync(by, "PUT", $"/api/v1/members/{on}/role", new { role = "member" }),
        };

        var answers = await Task.WhenAll(TurnAsync(team.Owner, ada.Id), TurnAsync(ada.Token, me));

        Assert.Single(answers, 204);
        await using var connection = await team.Database.OpenAsync();
        Assert.Equal(
            1, await connection.ExecuteScalarAsync<long>("select count(*) from users where role = 'owner' and disabled_at is null"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_role_that_somebody_has_already_changes_nothing(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var (ada, owner) = (await team.JoinAsync("ada", "member"), team.Browser(team.Owner));
        var home = $"/admin/users/{ada.Id}";

        Assert.Equal(204, await team.CallAsync(team.Owner, "PUT", $"/api/v1/members/{ada.Id}/role", new { role = "member" }));
        var answer = await owner.FillInAsync(home, $"{home}/role", ("role", "member"));

        Assert.Contains("They have this role already. Nothing was changed.", await owner.ReadAsync(answer.Location!));
        Assert.Equal(200, await team.CallAsync(ada.Token, "GET", "/api/v1/me"));
        Assert.Empty(await team.AuditAsync("member.role_changed"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_cap_that_a_key_has_already_is_no_change(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        await team.Server.StoreKeyAsync(team.Owner, maxConcurrent: 5);

        Assert.Equal(204, await team.CallAsync(team.Owner, "PUT", "/api/v1/me/anthropic-key", new { max_concurrent = 5 }));
        Assert.Equal(204, await team.CallAsync(team.Owner, "PUT", "/api/v1/me/anthropic-key", new { max_concurrent = 6 }));

        Assert.Equal(["key.cap_changed done owner@example.com owner@example.com 6"], await team.AuditAsync("key.cap_changed"));
    }

    /// <summary>Somebody may ask why a link stopped working.</summary>
    [Theory]
    [InlineData("sqlite", "another")]
    [InlineData("postgres", "another")]
    [InlineData("sqlite", "issuer demoted")]
    [InlineData("postgres", "issuer demoted")]
    [InlineData("sqlite", "disabled")]
    [InlineData("sqlite", "removed")]
    [InlineData("sqlite", "password changed")]
    public async Task A_reset_link_that_stops_working_is_in_the_audit_log(string engine, string how)
    {
        await using var team = await Team.StartAsync(engine);
        var (admin, ada) = (await team.JoinAsync("admin", "admin"), await team.JoinAsync("ada", "member"));
        var link = await team.ResetAsync(ada.Id, admin.Token);

        var actor = TestServer.Email;
        switch (how)
        {
            case "another":
                await team.ResetAsync(ada.Id);
                break;
            case "issuer demoted":
                Assert.Equal(204, await team.CallAsync(team.Owner, "PUT", $"/api/v1/members/{admin.Id}/role", new { role = "member" }));
                break;
            case "disabled":
                Assert.Equal(204, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{ada.Id}/disable"));
                break;
            case "removed":
                Assert.Equal(204, await team.CallAsync(team.Owner, "DELETE", $"/api/v1/members/{ada.Id}"));
                break;
            default:
                actor = ada.Email;
                Assert.Equal(204, await team.CallAsync(
                    ada.Token,
                    "POST",
                    "/api/v1/me/password",
                    new { current_password = Team.Password, new_password = "five loud otters dance" }));
                break;
        }

        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await team.Browser().LookAsync(link)).Status);
        Assert.Equal([$"password.reset_withdrawn done {actor} ada@example.com -"], await team.AuditAsync("password.reset_withdrawn"));
    }

    /// <summary>As after a sign-in that was under way when the account was disabled.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_is_left_of_a_disabled_account_opens_nothing(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        var proxyToken = await team.ProxyTokenAsync(ada.Token);
        await using (var connection = await team.Database.OpenAsync())
        {
            await connection.ExecuteAsync("update users set disabled_at = 1 where id = @Id", new { ada.Id });
        }

        Assert.Equal(("invalid_token", "invalid_token"), (await team.ProxyAsync(ada.Token), await team.ProxyAsync(proxyToken)));
        Assert.Equal(401, await team.CallAsync(ada.Token, "GET", "/api/v1/me"));
        Assert.Equal(HttpStatusCode.SeeOther, (await ada.Browser.LookAsync("/me/password")).Status);
        Assert.Equal(204, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{ada.Id}/enable"));
        Assert.Equal(401, await team.CallAsync(ada.Token, "GET", "/api/v1/me")); // the session does not come back with the account
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_password_that_was_checked_before_a_change_signs_nobody_in_after_it(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        var (users, sessions) = (team.Server.Services.GetRequiredService<Users>(), team.Server.Services.GetRequiredService<Sessions>());
        var before = (await users.FindAsync(EmailAddress.Of(ada.Email), Patience.Cancel))!;
        var origin = new Origin(null, null);
        Assert.NotNull(await sessions.CreateAsync(before.User, before.PasswordHash, origin, Patience.Cancel));

        Assert.Equal(204, await team.CallAsync(
            ada.Token, "POST", "/api/v1/me/password", new { current_password = Team.Password, new_password = "nine loud herons nest" }));
        await users.RenewHashAsync(ada.Id, before.PasswordHash, "a stronger hash of the old one", Patience.Cancel);

        Assert.Null(await sessions.CreateAsync(before.User, before.PasswordHash, origin, Patience.Cancel));
        Assert.Equal(200, (await team.LogInAsync(ada.Email, "nine loud herons nest")).Status);
        await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{ada.Id}/disable");
        var disabled = (await users.FindAsync(EmailAddress.Of(ada.Email), Patience.Cancel))!;
        Assert.Null(await sessions.CreateAsync(disabled.User, disabled.PasswordHash, origin, Patience.Cancel));
    }
}
