using System.Net;
using System.Text;
using Dapper;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Accounts;
using TraceVault.FakeAnthropic;
using TraceVault.Identity;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Members;

/// <summary>
/// Calls every endpoint of the server as every kind of caller. An endpoint without a line in <see cref="Doors"/> fails the test.
/// </summary>
public class AccessTests
{
    private enum Door
    {
        /// <summary>For anybody: it needs no credential, or it checks one itself.</summary>
        Open,

        /// <summary>The API for users who are signed in.</summary>
        Api,

        /// <summary>The API for owners and administrators.</summary>
        AdminApi,

        /// <summary>Pages for users who are signed in.</summary>
        Page,

        /// <summary>Pages for owners and administrators.</summary>
        AdminPage,

        /// <summary>What only owners may do over the API, and in the pages for administrators.</summary>
        OwnerApi,
        OwnerPage,
    }

    /// <summary>The first line whose prefix the route begins with counts; one that names a method is for that method.</summary>
    private static readonly (string Prefix, Door Door)[] Doors =
    [
        ("PUT /api/v1/capture/", Door.OwnerApi),
        ("POST /admin/capture/", Door.OwnerPage),
        ("/api/v1/auth/logout/", Door.Api),
        ("/api/v1/auth/", Door.Open),
        ("/api/v1/me/", Door.Api),
        ("/api/v1/capture/", Door.Api),
        ("/api/v1/traces/", Door.Api),
        ("/api/v1/exchanges/", Door.Api),
        ("/api/v1/", Door.AdminApi),
        ("/downloads/", Door.Open),
        ("/auth/logout/", Door.Page),
        ("/auth/device/", Door.Page),
        ("/auth/", Door.Open),
        ("/me/", Door.Page),
        ("/admin/", Door.AdminPage),
        ("/invite/", Door.Open),
        ("/reset/", Door.Open),
        ("/assets/", Door.Open),
        ("/proxy/anthropic/", Door.Open), // OAuth; proxied requests are no endpoints
        ("/.well-known/", Door.Open),
        ("/metrics/", Door.Open),
    ];

    private static readonly string[] Roles = ["anonymous", "member", "admin", "owner", "proxy token", "disabled"];

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Every_endpoint_admits_those_it_is_for_and_nobody_else(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var users = await PeopleAsync(team);
        var routes = team.Server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(
                method => (Method: method, Path: "/" + endpoint.RoutePattern.RawText!.TrimStart('/'))))
            .Where(route => route.Path != "/").Distinct().ToList();
        Assert.True(routes.Count > 40);
        var mistakes = new StringBuilder();

        foreach (var (method, path) in routes)
        {
            var (route, call) = ($"{path.TrimEnd('/')}/", $"{method} {path.TrimEnd('/')}/");
            var found = Array.Find(Doors, each => route.StartsWith(each.Prefix) || call.StartsWith(each.Prefix));
            var door = found.Prefix is not null
                ? found.Door
                : throw new InvalidOperationException($"{path} is new: say in Doors whom it is for.");
            foreach (var role in Roles)
            {
                var (expected, met) = (Expected(door, role), Read(door, await KnockAsync(team, users, method, path, door, role)));
                if (expected != met && !(path == "/auth/logout" && expected == "in" && met == "sign in")) // a sign-out redirects there, too
                {
                    mistakes.AppendLine($"{method} {path} as {role}: expected {expected}, was {met}");
                }
            }
        }

        Assert.Equal("", mistakes.ToString());
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Nobody_spends_or_sees_the_key_of_another(string engine)
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(cancel: Patience.Cancel);
        await using var team = await Team.StartAsync(engine, upstream: upstream.Url);
        var users = await PeopleAsync(team);
        var keys = users.Where(user => user.Key is "member" or "admin" or "owner").ToDictionary(
            user => user.Key, user => $"sk-ant-api03-the-key-of-the-{user.Key}-alone");
        foreach (var (role, key) in keys.Where(pair => pair.Key != "owner"))
        {
            await team.Server.StoreKeyAsync(await SessionAsync(team, users[role]), key);
        }

        foreach (var role in keys.Keys)
        {
            var before = upstream.Requests.Count;
            var refusal = await team.ProxyAsync(await SessionAsync(team, users[role]));
            Assert.Equal(role == "owner" ? "no_key" : null, refusal); // the owner stored no key, and no other key is used instead
            Assert.All(upstream.Requests.Skip(before), request => Assert.Equal(keys[role], Assert.Single(request.Header("x-api-key"))));
        }

        var (asOwner, asOwnerApi) = (team.Browser(await SessionAsync(team, users["owner"])), await SessionAsync(team, users["owner"]));
        var member = users["member"].Id;
        foreach (var path in (string[])["/admin/users", $"/admin/users/{member}", $"/admin/users/{member}/remove", "/me/password"])
        {
            Assert.DoesNotContain("sk-ant", (await asOwner.LookAsync(path)).Text);
        }

        foreach (var path in (string[])["/api/v1/members", "/api/v1/invites", "/api/v1/me/anthropic-key"])
        {
            Assert.DoesNotContain("sk-ant", (await team.Server.ApiJsonAsync(HttpMethod.Get, path, asOwnerApi)).GetRawText());
        }
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task An_id_of_somebody_elses_opens_nothing(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var users = await PeopleAsync(team);
        await team.ProxyTokenAsync(await SessionAsync(team, users["member"]));
        await team.InviteAsync("boss@example.com", "owner");
        await using var connection = await team.Database.OpenAsync();
        var session = await connection.QueryFirstAsync<string>(
            "select id from auth_sessions where user_id = @Id", new { users["member"].Id });
        var token = await connection.QueryFirstAsync<string>("select id from proxy_tokens where user_id = @Id", new { users["member"].Id });
        var invite = await connection.QuerySingleAsync<string>("select id from invites");
        var (owner, admin, second) = (users["owner"].Id, users["admin"].Id, users["disabled"].Id);
        var expected = new List<(string Role, string Method, string Path, int Status)>();
        foreach (var role in (string[])["owner", "admin"])
        {
            expected.Add((role, "DELETE", $"/api/v1/me/sessions/{session}", 404));
            expected.Add((role, "DELETE", $"/api/v1/me/tokens/{token}", 404));
        }

        expected.Add(("admin", "DELETE", $"/api/v1/invites/{invite}", 403));
        foreach (var (role, target) in ((string, string)[])[
            ("admin", owner),
            ("admin", admin),
            ("member", owner),
            ("member", admin),
            ("member", second)])
        {
            expected.AddRange(
                from call in (string[])["DELETE ", "PUT /role", "POST /disable", "POST /enable", "POST /password-reset", "DELETE /sessions"]
                select (role, call.Split(' ')[0], $"/api/v1/members/{target}{call.Split(' ')[1]}", 403));
        }

        expected.Add(("owner", "POST", $"/api/v1/members/{owner}/password-reset", 403));
        var before = await StateAsync();

        foreach (var (role, method, path, status) in expected)
        {
            var body = path.EndsWith("/role") ? new { role = "member" } : null;
            Assert.Equal(
                (role, method, path, status),
                (role, method, path, await team.CallAsync(await SessionAsync(team, users[role]), method, path, body)));
        }

        var page = team.Browser(await SessionAsync(team, users["admin"]));
        foreach (var step in (string[])["disable", "remove", "reset-password", "end-sessions", "role"])
        {
            Assert.Equal(
                HttpStatusCode.Forbidden,
                (await page.FillInAsync("/admin/users", $"/admin/users/{owner}/{step}", ("role", "member"))).Status);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await page.FillInAsync("/admin/users", $"/admin/invites/{invite}/withdraw")).Status);
        Assert.Equal(before, await StateAsync());
        Assert.Contains("member.disabled refused admin@example.com owner@example.com -", await team.AuditAsync("member.disabled"));
        Assert.Contains(
            "password.reset_issued refused admin@example.com owner@example.com -", await team.AuditAsync("password.reset_issued"));

        async Task<string> StateAsync() => string.Join('\n', await connection.QueryAsync<string>(
            """
            select id || role || coalesce(disabled_at, 0) || password_hash from users
            union all select id from proxy_tokens union all select id from invites
            union all select user_id from password_resets order by 1
            """));
    }

    /// <summary>
    /// One user of each role, and a disabled one. <see cref="KnockAsync"/> names no real id, so that no request changes these users, and
    /// with them the answers to later requests.
    /// </summary>
    private static async Task<Dictionary<string, User>> PeopleAsync(Team team)
    {
        await using var connection = await team.Database.OpenAsync();
        var users = new Dictionary<string, User>();
        foreach (var (name, role) in ((string, string)[])[("member", "member"), ("admin", "admin"), ("disabled", "owner")])
        {
            var user = users[name] = new User(Guid.CreateVersion7().ToString(), $"{name}@example.com", null, role);
            await connection.ExecuteAsync(
                "insert into users (id, email, email_key, role, password_hash, created_at, updated_at, disabled_at) "
                    + "values (@Id, @Email, @Email, @Role, '-', 0, 0, @disabledAt)",
                new { user.Id, user.Email, user.Role, disabledAt = name == "disabled" ? 1L : (long?)null });
        }

        users["owner"] = new User(await team.IdOfAsync(team.Owner), TestServer.Email, null, "owner");
        return users;
    }

    private static async Task<string> SessionAsync(Team team, User user) =>
        (await team.Server.Services.GetRequiredService<Sessions>()
            .CreateAsync(user, new Origin(null, null), Patience.Cancel)).Token.Reveal();

    private static async Task<PageAnswer> KnockAsync(
        Team team, Dictionary<string, User> users, string method, string path, Door door, string role)
    {
        path = System.Text.RegularExpressions.Regex.Replace(path.Replace("{step}", "disable"), @"\{\w+\}", "nobody");
        var credential = role switch
        {
            "anonymous" => null,
            "proxy token" => await team.ProxyTokenAsync(await SessionAsync(team, users["member"])),
            _ => await SessionAsync(team, users[role]), // a new one for each request, because a sign-out ends it
        };
        if (door is Door.Page or Door.AdminPage or Door.OwnerPage)
        {
            var browser = team.Browser(credential);
            if (method == "GET")
            {
                return await browser.LookAsync(path);
            }

            var form = await browser.LookAsync("/me/password"); // nobody who is signed out gets a form there
            return await browser.PostAsync(path, form.Status == HttpStatusCode.OK ? [("form_token", PageClient.FormToken(form.Text))] : []);
        }

        using var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = method == "GET" ? null : new StringContent("{}", Encoding.UTF8, "application/json")
        };
        request.Headers.TryAddWithoutValidation("Authorization", credential is null ? null : $"Bearer {credential}");
        return await PageAnswer.ReadAsync(team.Server.Client.SendAsync(request, Patience.Cancel));
    }

    private static string Expected(Door door, string role) => (door, role) switch
    {
        (Door.Open, _) => "in",
        (_, "anonymous" or "disabled") => "sign in",
        (Door.Api or Door.AdminApi or Door.OwnerApi, "proxy token") => "forbidden",
        (_, "proxy token") => "sign in",
        (Door.AdminApi or Door.AdminPage or Door.OwnerApi or Door.OwnerPage, "member") => "forbidden",
        (Door.OwnerApi or Door.OwnerPage, "admin") => "forbidden",
        _ => "in",
    };

    private static string Read(Door door, PageAnswer answer) => answer switch
    {
        _ when door is Door.Open => (int)answer.Status >= 500 ? "broken" : "in",
        { Status: HttpStatusCode.Unauthorized } or { Location: "/auth/login" } => "sign in",
        { Location: { } location } when location.StartsWith("/auth/login?") => "sign in",
        { Status: HttpStatusCode.Forbidden } => "forbidden",
        { Status: >= HttpStatusCode.InternalServerError } => "broken",
        _ => "in",
    };
}
