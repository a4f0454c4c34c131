using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using TraceVault.Audit;
using TraceVault.Changes;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Audit;

/// <summary>The log as the owner and the administrators read it: over JSON and as a page.</summary>
public class AuditReadingTests
{
    private const string Member = "member@example.com", Admin = "Admin@example.com";

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task An_event_is_answered_with_all_that_is_known_of_it(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        await rig.CallAsync(HttpMethod.Put, "/api/v1/me/anthropic-key", new { key = TestServer.AnthropicKey });

        using var answer = await rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/audit?action=key.", rig.Token);

        Assert.True(answer.Headers.CacheControl!.NoStore);
        var page = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        var owner = $$"""{"id":"{{rig.OwnerId}}","email":"owner@example.com"}""";
        var happened = Assert.Single(page.GetProperty("events").EnumerateArray());
        Assert.Equal(
            $"{{\"id\":\"{happened.GetProperty("id").GetString()}\",\"at\":\""
                + $$"""2026-01-01T00:00:01Z","action":"key.set","outcome":"done","actor":{{owner}},"subject":{{owner}}"""
                + ""","target":"anthropic","client":"laptop/1.0","address":"127.0.0.1"}""",
            happened.GetRawText());
        Assert.Equal(JsonValueKind.Null, page.GetProperty("next").ValueKind);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Filters_narrow_the_log_down_alone_and_together(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        await rig.AddUserAsync(Admin, "admin"); // 00:00:01
        await rig.LogInAsync(Admin, "some other words"); // 00:00:02
        await rig.CallAsync(HttpMethod.Put, "/api/v1/me/anthropic-key", new { key = TestServer.AnthropicKey }); // 00:00:03
        await rig.CallAsync(HttpMethod.Delete, "/api/v1/me/anthropic-key"); // 00:00:04
        await rig.ExecuteAsync(
            "insert into audit_events (id, at, action, outcome) "
            + "values ('00000000-0000-7000-8000-000000000000', 0, 'password.reset_issued', 'done')");
        await rig.ExecuteAsync(
            """
            insert into audit_events (id, at, action, outcome, actor_email, subject_email)
            values ('00000000-0000-7000-8000-000000000001', 0, 'token.created', 'done', 'Ölga@example.com', 'Ölga@example.com')
            """);

        foreach (var (query, expected) in (IEnumerable<(string, string)>)[
            ("action=key.", "key.removed key.set"),
            ("action=key.set", "key.set"),
            ("action=password.reset", ""), // not taken for the beginning of password.reset_issued
            ("action=password.", "password.reset_issued"),
            ("actor=admin@EXAMPLE.com", "session.signed_in"),
            ("subject=admin@example.com", "session.signed_in session.signed_in"),
            ("subject=admin@example.com&outcome=failed", "session.signed_in"),
            ("actor=nobody@example.com", ""),
            ("actor=%C3%96lga@example.com", "token.created"), // as it was typed: SQLite lowers no Ö
            ("subject=%C3%96lga@example.com", "token.created"),
            ("outcome=failed", "session.signed_in"),
            ("from=2026-01-01T00:00:04Z", "key.removed"),
            ("from=2026-01-01T02:00:04%2B02:00", "key.removed"),
            ("from=2026-01-01T00:00:03.000Z&to=2026-01-01T00:00:04Z", "key.set"),
            ("from=2026-01-01&to=2026-01-01&action=key.", "key.removed key.set"),
            ("from=2026-01-02", ""),
            ("to=1970-01-01", "token.created password.reset_issued"),
            ("to=1969-12-31", ""),
            ("from=9999-12-31&to=9999-12-31", ""),
            ("actor=&subject=&action=key.set&outcome=&from=&to=", "key.set")])
        {
            Assert.Equal((query, expected), (query, string.Join(' ', await ActionsAsync(rig, query))));
        }
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Pages_follow_one_another_without_gap_or_repetition(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        for (var i = 0; i < 5; i++)
        {
            await rig.LogInAsync("nobody@example.com");
        }

        var ids = (await PageAsync(rig, "outcome=failed")).Ids;
        var (first, second) = (
            await PageAsync(rig, "outcome=failed&limit=2"),
            await PageAsync(rig, $"outcome=failed&limit=2&before={ids[1].ToUpperInvariant()}"));
        var third = await PageAsync(rig, $"outcome=failed&limit=2&before={second.Next}");

        Assert.Equal(5, ids.Length);
        Assert.Equal(ids.OrderDescending(StringComparer.Ordinal), ids);
        Assert.Equal(ids, first.Ids.Concat(second.Ids).Concat(third.Ids));
        Assert.Equal((ids[1], ids[3], null), (first.Next, second.Next, third.Next));
        Assert.Null((await PageAsync(rig, "outcome=failed&limit=5")).Next);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_wrong_filter_is_400_by_its_name_in_both(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        foreach (var (field, value) in (IEnumerable<(string, string)>)[
            ("actor", "somebody"), ("actor", "a@x&actor=b@x"), ("subject", "@"), ("action", "key"), ("action", "key.%25"), ("action", "."),
            ("outcome", "Done"), ("from", "yesterday"), ("from", "2026-13-01"), ("from", "0001-01-01T00:00:00%2B14:00"),
            ("to", "01/02/2026"), ("before", "1"), ("before", "'"), ("limit", "0"), ("limit", "501"), ("limit", "-1"), ("limit", "ten"),
            ("limit", "99999999999999999999")])
        {
            using var answer = await rig.Server.ApiAsync(HttpMethod.Get, $"/api/v1/audit?{field}={value}", rig.Token);
            Assert.Equal((field, HttpStatusCode.BadRequest), (field, answer.StatusCode));
            Assert.True(
                JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancel)).GetProperty("errors").TryGetProperty(field, out _),
                $"{field}={value}");

            if (field != "limit") // a page's length is not asked for
            {
                var (status, html) = await BrowseAsync(rig, $"/admin/audit?{field}={value}");
                Assert.Equal((field, HttpStatusCode.BadRequest), (field, status));
                Assert.DoesNotContain("<tbody>", html);
                Assert.Contains("role=\"alert\"", html);
            }
        }
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Only_the_owner_and_administrators_read_it(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        foreach (var (token, status) in (IEnumerable<(string, HttpStatusCode)>)[
            (rig.Token, HttpStatusCode.OK),
            (await rig.AddUserAsync(Admin, "admin"), HttpStatusCode.OK),
            (await rig.AddUserAsync(Member, "member"), HttpStatusCode.Forbidden)])
        {
            using var answer = await rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/audit", token);
            var (page, html) = await BrowseAsync(rig, "/admin/audit", token);

            Assert.Equal((status, status), (answer.StatusCode, page));
            Assert.Contains(
                status is HttpStatusCode.OK ? "set up this server" : "It is for the owners and administrators of this server.", html);
            if (status is HttpStatusCode.Forbidden)
            {
                Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
                Assert.DoesNotContain("href=\"/admin/audit\"", html);
            }
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/audit");
        request.Headers.Add("Cookie", $"tv_session={rig.Token}");
        using var withCookie = await rig.Server.Client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, withCookie.StatusCode);
        var (unknown, _) = await BrowseAsync(rig, "/admin/audit", token: "");
        Assert.Equal(HttpStatusCode.SeeOther, unknown);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_page_tells_in_sentences_what_happened(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        await rig.CallAsync(HttpMethod.Put, "/api/v1/me/anthropic-key", new { key = TestServer.AnthropicKey });
        await rig.CallAsync(HttpMethod.Put, "/api/v1/me/anthropic-key", new { key = TestServer.AnthropicKey });
        await rig.LogInAsync(TestServer.Email, "some other words");

        var (status, html) = await BrowseAsync(rig, "/admin/audit?from=2026-01-01T00:00:01Z");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("""<time datetime="2026-01-01T00:00:02.000Z">2026-01-01 00:00:02</time>""", html);
        Assert.Equal(
            [
                "Somebody not signed in: tried to sign in as owner@example.com",
                "owner@example.com: replaced the Anthropic key",
                "owner@example.com: stored an Anthropic key"
            ],
            Regex.Matches(html, """data-label="Who"[^>]*>(.*?)</td>\s*<td data-label="What"[^>]*>(.*?)</td>""").Select(
                row => $"{row.Groups[1].Value}: {row.Groups[2].Value}"));
        Assert.Contains("type=\"text\" value=\"2026-01-01T00:00:01Z\"", html);
        Assert.Contains("No event matches these filters.", (await BrowseAsync(rig, "/admin/audit?action=token.")).Html);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_page_names_browsers_in_short_and_filters_in_words(string engine)
    {
        const string Chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        await using var rig = await AuditRig.StartAsync(engine);
        rig.Server.Client.DefaultRequestHeaders.UserAgent.Clear();
        rig.Server.Client.DefaultRequestHeaders.UserAgent.ParseAdd(Chrome);
        await rig.LogInAsync(TestServer.Email);

        var (_, html) = await BrowseAsync(rig, "/admin/audit?action=session.");

        Assert.Contains($"<span class=\"whole\" title=\"{Chrome}\">Chrome on Linux</span>", html);
        Assert.Contains("<option value=\"session.\" selected>Sign-ins and sessions: all</option>", html);
        Assert.Contains("<option value=\"key.replaced\">Key replaced</option>", html);
    }

    [Theory, InlineData("action", "sign.in"), InlineData("outcome", "maybe")]
    public async Task A_wrong_choice_is_said_beside_its_field(string field, string value)
    {
        await using var rig = await AuditRig.StartAsync("sqlite");

        var (status, html) = await BrowseAsync(rig, $"/admin/audit?{field}={value}&actor=nobody");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Matches($"<select id=\"field-{field}\"[^>]*aria-describedby=\"field-{field}-error\"", html);
        Assert.Contains($"id=\"field-{field}-error\" role=\"alert\"", html);
        Assert.Contains("id=\"field-actor-error\"", html);
    }

    [Theory]
    [InlineData(AuditActions.OtherSessionsEnded, "done", "a", "2", "ended 2 other sessions")]
    [InlineData(AuditActions.OtherSessionsEnded, "done", "a", "1", "ended 1 other session")]
    [InlineData(AuditActions.AllSessionsEnded, "done", "b", "0", "ended all sessions of b@x, 0 in all")]
    [InlineData(AuditActions.AllSessionsEnded, "refused", "b", null, "was not allowed to end all sessions of b@x")]
    [InlineData(AuditActions.RoleChanged, "refused", "b", "owner", "was not allowed to change the role of b@x to owner")]
    [InlineData(AuditActions.KeySet, "done", "a", "anthropic", "stored an Anthropic key")]
    [InlineData(AuditActions.KeySet, "failed", "a", "parrot", "tried to store a Parrot key")]
    [InlineData(AuditActions.KeyReplaced, "done", "b", "parrot", "replaced the Parrot key of b@x")]
    [InlineData(AuditActions.KeyRemoved, "done", "a", "dodo", "removed the dodo key")] // of a provider that is no more
    [InlineData(AuditActions.KeyRemoved, "done", "a", null, "removed all keys")]
    public void A_sentence_says_whose_it_was_and_how_many(string action, string outcome, string subject, string? target, string expected) =>
        Assert.Equal(
            expected,
            What(new AuditEntry("", default, action, outcome, "a", "a@x", subject, $"{subject}@x", target, null, null)));

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Pages_of_the_log_lead_back_and_forth_with_their_filters(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        await rig.ExecuteAsync(
            "insert into audit_events (id, at, action, outcome, target) values (@id, @i, 'token.created', 'done', @target)",
            Enumerable.Range(1, 250).Select(i => new { id = $"00000000-0000-7000-8000-{i:D12}", i = (long)i, target = $"number {i}." }));

        var (_, first) = await BrowseAsync(rig, "/admin/audit?action=token.");
        var (_, second) = await BrowseAsync(rig, Link(first, "Older")!);
        var (_, third) = await BrowseAsync(rig, Link(second, "Older")!);
        var (_, back) = await BrowseAsync(rig, Link(third, "Newer")!);

        Assert.Null(Link(first, "Newer"));
        Assert.True(Shows(first, 250) && Shows(first, 151) && !Shows(first, 150));
        Assert.True(Shows(second, 150) && Shows(second, 51) && !Shows(second, 151) && !Shows(second, 50));
        Assert.True(Shows(third, 50) && Shows(third, 1) && !Shows(third, 51));
        Assert.Null(Link(third, "Older"));
        Assert.Equal(second, back);
        Assert.Equal("/admin/audit?action=token.", Link(back, "Newer"));

        static bool Shows(string html, int number) => html.Contains($"number {number}.", StringComparison.Ordinal);
    }

    [Fact]
    public void What_users_typed_is_shown_as_they_typed_it()
    {
        var made = new AuditEntry("", default, "token.created", "done", "a", "a@x", "b", "{target}@x", "{subject} {of}", null, null);

        Assert.Equal("created the proxy token “{subject} {of}” of {target}@x", What(made));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_hostile_client_or_name_stays_text(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        rig.Server.Client.DefaultRequestHeaders.UserAgent.Clear();
        rig.Server.Client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "\"><script>alert(1)</script>");
        await rig.CallAsync(HttpMethod.Post, "/api/v1/me/tokens", new { name = "</td><img src=x onerror=alert(2)>" });

        var (_, html) = await BrowseAsync(rig, "/admin/audit");
        var (_, asked) = await BrowseAsync(rig, "/admin/audit?actor=%22%3E%3Cscript%3Ealert(3)%3C/script%3E&outcome=%22%3E%3Cb%3E");

        Assert.Contains("&lt;script&gt;alert(1)", html);
        Assert.Contains("&lt;img src=x", html);
        Assert.DoesNotContain("<script>alert", html + asked);
        Assert.DoesNotContain("<img src=x", html);
        Assert.DoesNotContain("<b>", asked);
    }

    [Fact]
    public void Every_action_has_its_sentence()
    {
        var actions = typeof(AuditActions).GetFields(BindingFlags.Public | BindingFlags.Static).Select(
            field => (string)field.GetRawConstantValue()!);

        Assert.Equal(actions.Order(), AuditPhrases.Actions.Order());
        Assert.All(AuditPhrases.Actions.Concat(AuditPhrases.Areas), name => Assert.NotEqual("", AuditPhrases.Name(name)));
        Assert.All(AuditPhrases.Actions, action => Assert.DoesNotContain(
            '{', What(new AuditEntry("", default, action, "done", "a", "a@x", "b", "b@x", "target", null, null))));
    }

    private static string What(AuditEntry entry) =>
        AuditPhrases.What(entry, new Dictionary<string, string> { ["anthropic"] = "Anthropic", ["parrot"] = "Parrot" });

    private static async Task<IEnumerable<string?>> ActionsAsync(AuditRig rig, string query) =>
        (await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/audit?" + query, rig.Token)).GetProperty("events").EnumerateArray().Select(
            each => each.GetProperty("action").GetString());

    private static async Task<(string[] Ids, string? Next)> PageAsync(AuditRig rig, string query)
    {
        var page = await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/audit?" + query, rig.Token);
        return (
            [.. page.GetProperty("events").EnumerateArray().Select(each => each.GetProperty("id").GetString()!)],
            page.GetProperty("next").GetString());
    }

    private static string? Link(string html, string text) =>
        Regex.Match(html, $"<a href=\"([^\"]*)\"[^>]*>{text}</a>") is { Success: true } link
            ? WebUtility.HtmlDecode(link.Groups[1].Value)
            : null;

    /// <summary>Asks for a page with a session's cookie; none when the token is empty.</summary>
    private static async Task<(HttpStatusCode Status, string Html)> BrowseAsync(AuditRig rig, string path, string? token = null)
    {
        using var browser = new PageClient(rig.Server.Url);
        if (token is not { Length: 0 })
        {
            browser.Session = token ?? rig.Token;
        }

        using var answer = await browser.GetAsync(path);
        return (answer.StatusCode, Regex.Replace(
            await answer.Content.ReadAsStringAsync(Cancel),
            "name=\"form_token\" value=\"[^\"]*\"|<wbr>|<span class=\"unit\">|(?<=@[^ <]+)</span>",
            ""));
    }
}
