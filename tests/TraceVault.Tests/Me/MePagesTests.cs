using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using TraceVault.FakeAnthropic;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Me;

public partial class MePagesTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task A_key_is_stored_tested_and_removed_and_no_page_ever_holds_it()
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(cancel: Cancel);
        await using var server = await TestServer.StartAsync(upstream: upstream.Url);
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        Assert.Contains("not stored", await browser.ReadAsync("/me/proxy/"));

        using var stored = await browser.SubmitAsync("/me/proxy/", "/me/proxy/key", ("key", $" {TestServer.AnthropicKey} "));
        var page = await browser.ReadAsync(stored.Headers.Location!.OriginalString);
        using var tested = await browser.SubmitAsync("/me/proxy/", "/me/proxy/test");
        var result = await tested.Content.ReadAsStringAsync(Cancel);
        using var removed = await browser.SubmitAsync("/me/proxy/remove", "/me/proxy/remove");

        Assert.Contains("The key is stored", page);
        Assert.Contains("It works: Anthropic accepted the key.", result);
        Assert.Contains("req_", result);
        Assert.DoesNotMatch("(?s)Last used.{0,40}never", result);
        Assert.All([page, result, await browser.ReadAsync("/me/tokens")], text => Assert.DoesNotContain(TestServer.AnthropicKey, text));
        Assert.Equal(TestServer.AnthropicKey, Assert.Single(upstream.Requests[^1].Header("x-api-key")));
        Assert.Contains("not stored", await browser.ReadAsync(removed.Headers.Location!.OriginalString));
    }

    [Fact]
    public async Task A_key_that_anthropic_refuses_shows_what_anthropic_says()
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(cancel: Cancel);
        await using var server = await TestServer.StartAsync(upstream: upstream.Url);
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        using var stored = await browser.SubmitAsync("/me/proxy/", "/me/proxy/key", ("key", TestServer.AnthropicKey));
        upstream.EnqueueFault(Fault.Status(401));

        using var tested = await browser.SubmitAsync("/me/proxy/", "/me/proxy/test");

        Assert.Contains("authentication_error", await tested.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>What is read may end within the key, and a part of a key is not recognised as one.</summary>
    [Theory, InlineData(0), InlineData(7), InlineData(23), InlineData(40)]
    public async Task An_upstream_that_repeats_the_key_does_not_get_a_part_of_it_onto_the_page(int offset)
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(cancel: Cancel);
        upstream.Handler = context =>
            context.Response.WriteAsync(new string('.', offset) + string.Concat(Enumerable.Repeat(TestServer.AnthropicKey, 200)), Cancel);
        await using var server = await TestServer.StartAsync(upstream: upstream.Url);
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        using var stored = await browser.SubmitAsync("/me/proxy/", "/me/proxy/key", ("key", TestServer.AnthropicKey));

        using var tested = await browser.SubmitAsync("/me/proxy/", "/me/proxy/test");
        var page = await tested.Content.ReadAsStringAsync(Cancel);

        Assert.Contains("[key][key]", page);
        Assert.DoesNotContain(TestServer.AnthropicKey[..12], page);
    }

    [Fact]
    public async Task A_wrong_key_says_what_a_key_looks_like_and_does_not_come_back_in_the_form()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();

        using var answer = await browser.SubmitAsync("/me/proxy/", "/me/proxy/key", ("key", "my-secret-of-another-kind"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("starts with sk-ant-", page);
        Assert.DoesNotContain("my-secret-of-another-kind", page);
    }

    [Fact]
    public async Task A_session_is_ended_from_the_list_and_all_others_at_once()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        var (one, two, three) = (await server.LogInAsync(), await server.LogInAsync(), await server.LogInAsync());
        var id = (await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", one)).GetProperty("session").GetProperty("id").GetString()!;

        using var ended = await browser.SubmitAsync("/me/sessions", "/me/sessions/end", ("id", id));
        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.OK], await StatusesAsync(server, one, two, three));
        using var others = await browser.SubmitAsync("/me/sessions", "/me/sessions/end-others");

        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized],
            await StatusesAsync(server, one, two, three));
        Assert.Contains("All other sessions are ended", await browser.ReadAsync(others.Headers.Location!.OriginalString));
    }

    [Fact]
    public async Task A_proxy_token_is_shown_once_and_works_until_it_is_revoked()
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(cancel: Cancel);
        await using var server = await TestServer.StartAsync(upstream: upstream.Url);
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        using var stored = await browser.SubmitAsync("/me/proxy/", "/me/proxy/key", ("key", TestServer.AnthropicKey));

        using var made = await browser.SubmitAsync(
            "/me/tokens", "/me/tokens", ("id", Guid.NewGuid().ToString()), ("name", "<b>build</b>"), ("expires_in_days", "30"));
        var page = await made.Content.ReadAsStringAsync(Cancel);
        var token = Token().Match(page).Value;
        var list = await browser.ReadAsync("/me/tokens");
        using var works = await server.Client.SendAsync(server.ProxyRequest(token, "/v1/models"), Cancel);
        var revoke = RevokeLink().Match(list).Groups[1].Value;
        using var revoked = await browser.SubmitAsync(revoke, revoke);
        using var ended = await server.Client.SendAsync(server.ProxyRequest(token, "/v1/models"), Cancel);

        Assert.StartsWith("tvp_", token);
        Assert.DoesNotContain(token, list);
        Assert.Contains("&lt;b&gt;build&lt;/b&gt;", list);
        Assert.Equal("/me/tokens?done=revoked", revoked.Headers.Location!.OriginalString);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (works.StatusCode, ended.StatusCode));
    }

    [Fact]
    public async Task A_token_form_that_comes_back_keeps_what_was_typed()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();

        using var answer = await browser.SubmitAsync(
            "/me/tokens", "/me/tokens", ("id", Guid.NewGuid().ToString()), ("name", "build server"), ("expires_in_days", "0"));
        var page = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("value=\"build server\"", page);
        Assert.Matches("name=\"expires_in_days\"[^>]*value=\"0\"", page);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_form_that_is_sent_again_makes_no_second_token(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        var form = await browser.ReadAsync("/me/tokens");
        (string, string)[] fields =
        [
            ("form_token", PageClient.FormToken(form)),
            ("id", Id().Match(form).Groups[1].Value),
            ("name", "build server")
        ];

        var answers = await Task.WhenAll(browser.SendAsync("/me/tokens", fields), browser.SendAsync("/me/tokens", fields));
        using var first = answers.Single(answer => answer.StatusCode is HttpStatusCode.OK);
        using var second = answers.Single(answer => answer.StatusCode is HttpStatusCode.SeeOther);
        var list = await browser.ReadAsync(second.Headers.Location!.OriginalString);

        Assert.Contains("That token has already been created, and it is shown only once.", list);
        Assert.Single(RevokeLink().Matches(list));
        Assert.DoesNotContain("tvp_", list);
        using var used = await server.Client.SendAsync(
            server.ProxyRequest(Token().Match(await first.Content.ReadAsStringAsync(Cancel)).Value, "/v1/models"), Cancel);
        Assert.Equal(
            "no_key", used.Headers.GetValues("x-tracevault-error").Single()); // the first token still works; only the key is missing
        Assert.NotEqual(Id().Match(form).Groups[1].Value, Id().Match(list).Groups[1].Value);
    }

    [Theory, InlineData(""), InlineData("1"), InlineData("' or '1'='1")]
    public async Task A_token_form_without_its_id_makes_nothing(string id)
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();

        using var answer = await browser.SubmitAsync("/me/tokens", "/me/tokens", ("id", id), ("name", "build server"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(RevokeLink().Matches(await browser.ReadAsync("/me/tokens")));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Nobody_is_asked_about_or_takes_the_token_of_another(string engine)
    {
        await using var team = await Members.Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        await team.ProxyTokenAsync(team.Owner);
        var id = (await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/tokens", team.Owner))[0].GetProperty("id").GetString()!;

        using var asked = await ada.Browser.GetAsync($"/me/tokens/{id}/revoke");
        using var taken = await ada.Browser.SubmitAsync("/me/tokens", "/me/tokens", ("id", id), ("name", "mine now"));
        using var revoked = await ada.Browser.SubmitAsync("/me/tokens", $"/me/tokens/{id}/revoke");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.BadRequest), (asked.StatusCode, taken.StatusCode));
        Assert.Equal(
            "ci", (await team.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/tokens", team.Owner))[0].GetProperty("name").GetString());
    }

    [Theory, InlineData("typescript", true), InlineData("python", true), InlineData("csharp", true), InlineData("curl", false)]
    public async Task Where_an_SDK_would_send_the_token_elsewhere_the_page_says_so(string tool, bool isSdk)
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();

        Assert.Equal(isSdk, (await browser.ReadAsync($"/me/proxy/?tool={tool}")).Contains(
            "GET /v1/messages/batches/ID/results under the base URL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_short_address_of_ones_own_pages_redirects_to_the_proxy_page()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();

        using var answer = await browser.GetAsync("/me");

        Assert.Equal((HttpStatusCode.SeeOther, "/me/proxy/"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
    }

    private static async Task<List<HttpStatusCode>> StatusesAsync(TestServer server, params string[] tokens)
    {
        var statuses = new List<HttpStatusCode>();
        foreach (var token in tokens)
        {
            using var answer = await server.ApiAsync(HttpMethod.Get, "/api/v1/me", token);
            statuses.Add(answer.StatusCode);
        }

        return statuses;
    }

    [GeneratedRegex("tvp_[A-Za-z0-9_-]+")]
    private static partial Regex Token();

    [GeneratedRegex("name=\"id\" value=\"([^\"]+)\"")]
    private static partial Regex Id();

    [GeneratedRegex("href=\"(/me/tokens/[^/\"]+/revoke)\"")]
    private static partial Regex RevokeLink();
}
