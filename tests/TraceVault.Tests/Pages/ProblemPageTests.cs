using System.Net;

namespace TraceVault.Tests.Pages;

/// <summary>Pages that say what went wrong, and who gets JSON instead.</summary>
public class ProblemPageTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory]
    [InlineData("/me/nothing-here", "owner", HttpStatusCode.NotFound)]
    [InlineData("/nothing-here", "owner", HttpStatusCode.NotFound)]
    [InlineData("/admin/users", "member", HttpStatusCode.Forbidden)]
    [InlineData("/admin/users/nobody", "owner", HttpStatusCode.NotFound)]
    public async Task A_page_that_says_what_went_wrong_keeps_the_navigation_and_its_sign_out_works(
        string path, string role, HttpStatusCode status)
    {
        await using var team = await Members.Team.StartAsync("sqlite");
        var browser = role == "owner" ? team.Browser(team.Owner) : (await team.JoinAsync("ada", role)).Browser;

        using var answer = await browser.GetAsync(path);
        var page = await answer.Content.ReadAsStringAsync(Cancel);
        using var away = await browser.SendAsync("/auth/logout", ("form_token", PageClient.FormToken(page)));

        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(role == "owner" ? TestServer.Email : "ada@example.com", page);
        Assert.Contains("href=\"/me/proxy/\"", page);
        Assert.Contains("href=\"/me/password\"", page);
        Assert.Equal((HttpStatusCode.SeeOther, null), (away.StatusCode, browser.Session));
    }

    [Fact]
    public async Task A_missing_page_has_neither_navigation_nor_form_for_somebody_who_is_not_signed_in()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);

        using var answer = await browser.GetAsync("/nothing-here");
        var page = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.DoesNotContain("<nav", page);
        Assert.DoesNotContain("form_token", page);
        Assert.False(answer.Headers.Contains("set-cookie"));
    }

    [Fact]
    public async Task A_page_that_says_what_went_wrong_has_no_button_that_cannot_work()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();

        using var answer = await browser.SendAsync("/me/proxy/remove");
        var page = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.Contains("out of date", page);
        Assert.Contains("href=\"/me/proxy/\"", page);
        Assert.DoesNotContain("Sign out", page);
    }

    [Theory]
    [InlineData("/proxy/anthropic/oauth/token")]
    [InlineData("/.well-known/nothing")]
    [InlineData("/api/v1/nothing")]
    public async Task Programs_get_json_whatever_they_accept(string path)
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);

        using var answer = await browser.GetAsync(path);

        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }
}
