using System.Net;
using System.Text.RegularExpressions;
using Dapper;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Members;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Members;

public class InviteTests
{
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task An_invited_colleague_chooses_a_password_and_is_signed_in(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var link = await team.InviteAsync("ada@example.com", "admin");
        var browser = team.Browser();

        for (var look = 0; look < 2; look++)
        {
            var page = await browser.LookAsync(link);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            Assert.Contains("ada@example.com", page.Text);
        }

        var poor = await browser.FillInAsync(link, link, ("name", "Ada"), ("password", "short"));
        var joined = await browser.FillInAsync(link, link, ("name", " Ada "), ("password", Team.Password));
        var again = await browser.LookAsync(link);

        Assert.Equal(HttpStatusCode.BadRequest, poor.Status);
        Assert.Equal(HttpStatusCode.SeeOther, joined.Status);
        Assert.Equal(HttpStatusCode.NotFound, again.Status);
        Assert.Contains("It has been used", again.Text);
        var me = await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", browser.Session!);
        Assert.Equal(
            ("ada@example.com", "Ada", "admin"),
            (me.GetProperty("email").GetString(), me.GetProperty("name").GetString(), me.GetProperty("role").GetString()));
        Assert.Equal(200, (await team.LogInAsync("ada@example.com", Team.Password)).Status);
        Assert.Equal(["member.invited done owner@example.com ada@example.com admin"], await team.AuditAsync("member.invited"));
        Assert.Equal(["member.joined done ada@example.com ada@example.com admin"], await team.AuditAsync("member.joined"));
    }

    [Fact]
    public async Task Whoever_opens_a_link_while_signed_in_is_told_that_joining_signs_them_out()
    {
        await using var team = await Team.StartAsync("sqlite");
        var ada = await team.JoinAsync("ada", "admin");
        var link = await team.InviteAsync("bob@example.com", "member");

        Assert.Contains("You are signed in as ada@example.com", (await ada.Browser.LookAsync(link)).Text);
        Assert.DoesNotContain("You are signed in", (await team.Browser().LookAsync(link)).Text);
        var joined = await ada.Browser.FillInAsync(link, link, ("password", Team.Password));

        Assert.Equal(HttpStatusCode.SeeOther, joined.Status);
        Assert.Equal(401, await team.CallAsync(ada.Token, "GET", "/api/v1/me"));
    }

    [Fact]
    public async Task Joining_leaves_a_session_that_was_planted_in_the_browser()
    {
        await using var team = await Team.StartAsync("sqlite");
        var mallory = await team.JoinAsync("mallory", "member");
        var link = await team.InviteAsync("ada@example.com", "member");
        var victim = team.Browser(mallory.Token);

        await victim.FillInAsync(link, link, ("password", Team.Password));

        Assert.NotEqual(mallory.Id, await team.IdOfAsync(victim.Session!));
        Assert.Equal(401, await team.CallAsync(mallory.Token, "GET", "/api/v1/me"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Of_two_who_use_one_link_at_once_one_joins(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var link = await team.InviteAsync("ada@example.com", "member");
        var first = await team.Browser().OpenAsync(link);
        var second = await team.Browser().OpenAsync(link);

        var answers = await Task.WhenAll(
            first.SendAsync(("password", Team.Password)), second.SendAsync(("password", "another four random words")));

        Assert.Equal([HttpStatusCode.SeeOther, HttpStatusCode.NotFound], answers.Select(answer => answer.Status).Order());
        Assert.Equal(2, (await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/members", team.Owner)).GetArrayLength());
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_link_is_listed_while_it_is_good_and_ends_after_seven_days(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var team = await Team.StartAsync(engine, clock);
        var link = await team.InviteAsync("ada@example.com", "member");
        var browser = team.Browser();
        var form = await browser.LookAsync(link);
        var listed = Assert.Single((await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/invites", team.Owner)).EnumerateArray());
        Assert.DoesNotContain("tvl_", listed.GetRawText());
        Assert.Equal(clock.GetUtcNow().UtcDateTime + Invites.Lifetime, listed.GetProperty("expires_at").GetDateTime());

        clock.Advance(Invites.Lifetime);

        Assert.Empty((await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/invites", team.Owner)).EnumerateArray());
        var page = await browser.LookAsync(link);
        Assert.Equal(HttpStatusCode.Gone, page.Status);
        Assert.Contains("It was valid until 2026-01-08 00:00 UTC.", page.Text);
        Assert.Equal(
            HttpStatusCode.Gone,
            (await browser.PostAsync(link, ("form_token", PageClient.FormToken(form.Text)), ("password", Team.Password))).Status);
        await team.InviteAsync("ada@example.com", "member"); // the old one is not in the way
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_link_is_stored_as_its_hash_alone_and_never_logged(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var link = await team.InviteAsync("ada@example.com", "member");
        var token = link.Split('/')[^1];
        var browser = team.Browser();
        await browser.LookAsync(link);
        await browser.LookAsync(link + "x");

        await using var connection = await team.Database.OpenAsync();
        var stored = await connection.QuerySingleAsync<byte[]>("select token_hash from invites");
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(token)), stored);
        Assert.DoesNotContain(token, team.Server.Log.Text);
    }

    [Theory]
    [InlineData("/invite/nothing")]
    [InlineData("/reset/nothing")]
    [InlineData("/invite/tvl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA000000")]
    public async Task A_link_that_is_wrong_says_so(string path)
    {
        await using var team = await Team.StartAsync("sqlite");
        var browser = team.Browser();

        var page = await browser.LookAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, page.Status);
        Assert.Contains("This link does not work", page.Text);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Nobody_who_has_an_account_is_invited_and_a_withdrawn_link_is_dead(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var link = await team.InviteAsync("ada@example.com", "member");

        Assert.Equal(409, await team.CallAsync(team.Owner, "POST", "/api/v1/invites", new { email = TestServer.Email, role = "admin" }));
        Assert.Equal(400, await team.CallAsync(team.Owner, "POST", "/api/v1/invites", new { email = "bob@example.com", role = "root" }));
        Assert.Equal(400, await team.CallAsync(team.Owner, "POST", "/api/v1/invites", new { email = "bob", role = "member" }));
        var id = Assert.Single((await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/invites", team.Owner)).EnumerateArray())
            .GetProperty("id").GetString();
        Assert.Equal(204, await team.CallAsync(team.Owner, "DELETE", $"/api/v1/invites/{id}"));
        Assert.Equal(404, await team.CallAsync(team.Owner, "DELETE", $"/api/v1/invites/{id}"));

        var browser = team.Browser();
        Assert.Equal(HttpStatusCode.NotFound, (await browser.LookAsync(link)).Status);
        Assert.Equal(
            ["member.invite_withdrawn done owner@example.com ada@example.com member"], await team.AuditAsync("member.invite_withdrawn"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Another_invitation_takes_the_place_of_the_one_that_got_lost(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var lost = await team.InviteAsync("ada@example.com", "member");
        var link = await team.InviteAsync("ADA@example.com", "admin");

        Assert.Equal(HttpStatusCode.NotFound, (await team.Browser().LookAsync(lost)).Status);
        Assert.Equal(HttpStatusCode.OK, (await team.Browser().LookAsync(link)).Status);
        Assert.Equal(
            "admin", Assert.Single((await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/invites", team.Owner)).EnumerateArray())
                .GetProperty("role").GetString());
        Assert.Equal(
            ["member.invite_withdrawn done owner@example.com ada@example.com member"], await team.AuditAsync("member.invite_withdrawn"));
        Assert.Equal(
            ["member.invited done owner@example.com ada@example.com member", "member.invited done owner@example.com ADA@example.com admin"],
            await team.AuditAsync("member.invited"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_form_that_is_sent_again_leaves_the_link_that_was_copied(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var owner = team.Browser(team.Owner);
        var page = await owner.ReadAsync("/admin/users");
        (string, string)[] form =
        [
            ("form_token", PageClient.FormToken(page)),
            ("id", Regex.Match(page, "name=\"id\" value=\"([^\"]+)\"").Groups[1].Value),
            ("role", "member")
        ];

        var first = await owner.PostAsync("/admin/invites", [.. form, ("email", "ada@example.com")]);
        var again = await owner.PostAsync("/admin/invites", [.. form, ("email", "ada@example.com")]);
        var other = await owner.PostAsync("/admin/invites", [.. form, ("email", "bob@example.com")]); // after going back in the browser
        var anew = await owner.FillInAsync("/admin/users", "/admin/invites", ("email", "ada@example.com"), ("role", "member"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Conflict), (first.Status, again.Status));
        Assert.Contains("This invitation was created a moment ago.", again.Text);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (other.Status, anew.Status));
        Assert.Equal(2, (await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/invites", team.Owner)).GetArrayLength());
    }

    [Fact]
    public async Task An_administrator_cannot_replace_what_they_could_not_have_made()
    {
        await using var team = await Team.StartAsync("sqlite");
        var admin = await team.JoinAsync("ada", "admin");
        var link = await team.InviteAsync("boss@example.com", "owner");

        Assert.Equal(
            403, await team.CallAsync(admin.Token, "POST", "/api/v1/invites", new { email = "boss@example.com", role = "member" }));
        Assert.Equal(HttpStatusCode.OK, (await team.Browser().LookAsync(link)).Status);
        Assert.Equal(
            ["member.invite_withdrawn refused ada@example.com boss@example.com owner"], await team.AuditAsync("member.invite_withdrawn"));
    }

    /// <summary>Otherwise somebody who is about to lose their role could keep a way in.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Links_made_by_somebody_who_loses_their_role_stop_working(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var (admin, member) = (await team.JoinAsync("ada", "admin"), await team.JoinAsync("bob", "member"));
        var invite = await team.InviteAsync("friend@example.com", "member", admin.Token);
        var reset = await team.ResetAsync(member.Id, admin.Token);

        Assert.Equal(204, await team.CallAsync(team.Owner, "PUT", $"/api/v1/members/{admin.Id}/role", new { role = "member" }));

        var browser = team.Browser();
        Assert.Equal(HttpStatusCode.NotFound, (await browser.LookAsync(invite)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.LookAsync(reset)).Status);
    }

    [Theory]
    [InlineData("admin", "member", 201)]
    [InlineData("admin", "admin", 403)]
    [InlineData("admin", "owner", 403)]
    [InlineData("member", "member", 403)]
    public async Task Administrators_invite_members_and_nobody_above(string role, string invited, int status)
    {
        await using var team = await Team.StartAsync("sqlite");
        var inviter = await team.JoinAsync("ada", role);

        Assert.Equal(
            status, await team.CallAsync(inviter.Token, "POST", "/api/v1/invites", new { email = "bob@example.com", role = invited }));
    }

    [Fact]
    public async Task An_administrator_cannot_withdraw_what_they_could_not_have_made()
    {
        await using var team = await Team.StartAsync("sqlite");
        var admin = await team.JoinAsync("ada", "admin");
        await team.InviteAsync("boss@example.com", "owner");
        var id = Assert.Single((await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/invites", admin.Token)).EnumerateArray())
            .GetProperty("id").GetString();

        Assert.Equal(403, await team.CallAsync(admin.Token, "DELETE", $"/api/v1/invites/{id}"));
        Assert.Single((await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/invites", admin.Token)).EnumerateArray());
    }
}
