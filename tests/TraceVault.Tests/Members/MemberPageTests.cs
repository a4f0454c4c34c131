using System.Net;
using System.Text.RegularExpressions;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Members;

/// <summary>The pages of one member: each change is confirmed on the page where it was made, and only once.</summary>
public class MemberPageTests
{
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task After_a_change_the_page_of_the_member_says_so_and_after_the_last_the_list(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var (ada, owner) = (await team.JoinAsync("ada", "member"), team.Browser(team.Owner));
        var home = $"/admin/users/{ada.Id}";

        var role = await owner.FillInAsync(home, $"{home}/role", ("role", "admin"));
        Assert.Equal($"{home}?done=role", role.Location);
        var page = await owner.ReadAsync(role.Location!);
        Assert.Contains("The role is changed.", page);
        Assert.Contains("<dd>admin</dd>", page);
        foreach (var (step, said) in ((string, string)[])[
            ("end-sessions", "The sessions are ended."),
            ("disable", "The account is disabled."),
            ("enable", "The account is enabled.")])
        {
            var done = await owner.FillInAsync($"{home}/{step}", $"{home}/{step}");
            Assert.Equal($"{home}?done={step}", done.Location);
            Assert.Contains(said, await owner.ReadAsync(done.Location!));
        }

        var removed = await owner.FillInAsync($"{home}/remove", $"{home}/remove");
        Assert.Contains("The account of ada@example.com is removed.", await owner.ReadAsync(removed.Location!));
        Assert.DoesNotContain(
            "is removed",
            await owner.ReadAsync("/admin/users?removed=%3Cb%3Eada%3C/b%3E")); // a link cannot make the page say what did not happen
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_member_who_is_not_there_is_said_not_to_be_there(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var owner = team.Browser(team.Owner);

        foreach (var path in (string[])["/admin/users/unknown", "/admin/users/unknown/disable"])
        {
            var answer = await owner.LookAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Contains("<h1>There is no such member</h1>", answer.Text);
            Assert.DoesNotContain("Nothing was changed", answer.Text);
        }
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_reset_form_that_is_sent_again_leaves_the_link_that_was_copied(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var (ada, owner) = (await team.JoinAsync("ada", "member"), team.Browser(team.Owner));
        var step = $"/admin/users/{ada.Id}/reset-password";
        var form = await FormAsync(owner, step);

        var first = await owner.PostAsync(step, form);
        var again = await owner.PostAsync(step, form);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Conflict), (first.Status, again.Status));
        Assert.Contains("A reset link was created a moment ago.", again.Text);
        Assert.Null(Link(again.Text));
        Assert.Equal(HttpStatusCode.OK, (await team.Browser().LookAsync(Link(first.Text)!)).Status);

        var other = await owner.PostAsync(step, await FormAsync(owner, step)); // a new form makes a new link
        Assert.Equal(HttpStatusCode.OK, (await team.Browser().LookAsync(Link(other.Text)!)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await team.Browser().LookAsync(Link(first.Text)!)).Status);
        Assert.Equal(2, (await team.AuditAsync("password.reset_issued")).Count);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_log_says_which_role_was_refused(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var mallory = await team.JoinAsync("mallory", "admin");

        Assert.Equal(403, await team.CallAsync(mallory.Token, "PUT", $"/api/v1/members/{mallory.Id}/role", new { role = "owner" }));

        Assert.Equal(
            ["member.role_changed refused mallory@example.com mallory@example.com owner"], await team.AuditAsync("member.role_changed"));
    }

    [Fact]
    public async Task An_invitation_says_who_invites_where_and_what_for()
    {
        await using var team = await Team.StartAsync("sqlite");
        var link = await team.InviteAsync("ada@example.com", "member");

        var page = await team.Browser().ReadAsync(link);

        Assert.Contains(
            $"<strong>{TestServer.Email}</strong> invites you to the TraceVault server at <strong>{team.Server.Url.Authority}</strong>",
            page);
        Assert.Contains("you store your Anthropic key here once", page);
    }

    private static async Task<(string, string)[]> FormAsync(PageClient browser, string step)
    {
        var page = await browser.ReadAsync(step);
        return [
            ("form_token", PageClient.FormToken(page)),
            ("replaces", Regex.Match(page, "name=\"replaces\" value=\"([^\"]+)\"").Groups[1].Value)];
    }

    /// <returns>The path of the link that a page shows.</returns>
    private static string? Link(string page) =>
        Regex.Match(page, "id=\"link\">([^<]+)<") is { Success: true } link ? new Uri(link.Groups[1].Value).AbsolutePath : null;
}
