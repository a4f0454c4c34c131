using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.FakeAnthropic;
using TraceVault.Tests.Capture;
using TraceVault.Tests.Devices;
using TraceVault.Tests.Gateway;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Hosting;

/// <summary>
/// Every endpoint of the published server, used as it is meant to be: the tour fails where trimming has left out something that is needed.
/// An endpoint that the tour does not visit fails the test.
/// </summary>
public sealed class PublishedTourTests : IAsyncDisposable
{
    private const string Password = "seven calm otters swim";

    private readonly HashSet<(string Method, string Path)> _visited = [];
    private readonly List<PageClient> _browsers = [];
    private TestDatabase _database = null!;
    private PublishedServer _server = null!;

    public PublishedTourTests() =>
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The published server is built for the system that ./publish runs on.");

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Every_endpoint_works(string engine)
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { ApiKey = TestServer.AnthropicKey }, Patience.Cancel);
        _database = await TestDatabase.CreateEmptyAsync(engine); // migrating is a step of the tour
        _server = await StartAsync(upstream.Url);
        var owner = Browser();
        await FillInAsync(
            owner, "/auth/setup", ("setup_token", TestServer.SetupToken), ("email", TestServer.Email), ("password", TestServer.Password));
        await UseKeyAsync(owner);
        await UseTokensAsync(owner);
        await UseSessionsAsync(owner);
        await UseDevicesAsync(owner);
        await UseMembersAsync(owner);
        await UseInvitesAsync(owner);
        await UseRecordingAsync(owner);
        await UseTracesAsync(owner);
        await ReadAuditAsync(owner);
        await UseTheRestAsync(owner);

        var routes = await RoutesAsync();
        Assert.True(routes.Count > 70);
        Assert.DoesNotContain(routes, route => !_visited.Any(visit => Fits(route, visit)));
        await StopAsync();

        await using (_server)
        {
            _server = await StartAsync(upstream.Url);
        }

        Assert.Contains("Stored provider keys that open: 1 of 1.", _server.Output);
        await ProxyAsync(owner.Session!);
        await StopAsync();
    }

    private Task<PublishedServer> StartAsync(Uri upstream) =>
        PublishedServer.StartAsync(PublishedFiles.Locate("tracevault-server"), _database, upstream, authority: null, "--LogFormat=json");

    /// <summary>Stops the server as an operator does. Then everything that it does in the background is done.</summary>
    private async Task StopAsync()
    {
        Assert.Equal(0, await _server.StopAsync());
        Assert.DoesNotMatch("\"level\":\"(Error|Critical)\"|Unhandled exception", _server.Output);
    }

    public async ValueTask DisposeAsync()
    {
        _browsers.ForEach(browser => browser.Dispose());
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    private async Task UseKeyAsync(PageClient owner)
    {
        await FillInAsync(owner, "/me/proxy/", "/me/proxy/key", ("key", TestServer.AnthropicKey));
        await FillInAsync(owner, "/me/proxy/", "/me/proxy/cap", ("max_concurrent", "5"));
        Assert.Contains("It works", await FillInAsync(owner, "/me/proxy/", "/me/proxy/test"));
        await FillInAsync(owner, "/me/proxy/remove");
        await CallAsync(owner, "PUT", "/api/v1/me/anthropic-key", new { key = TestServer.AnthropicKey });
        await CallAsync(owner, "DELETE", "/api/v1/me/anthropic-key");
        await CallAsync(owner, "PUT", "/api/v1/me/anthropic-key", new { key = TestServer.AnthropicKey, max_concurrent = 3 });
        Assert.True((await CallAsync(owner, "GET", "/api/v1/me/anthropic-key")).GetProperty("readable").GetBoolean());
        await ProxyAsync(owner.Session!);
    }

    private async Task ProxyAsync(string token)
    {
        using var request = _server.ProxyRequest(token, "/v1/messages", ProxyRig.Message());
        using var answer = await _server.Client.SendAsync(request, Patience.Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task UseTokensAsync(PageClient owner)
    {
        await FillInAsync(
            owner, "/me/tokens", ("id", Guid.CreateVersion7().ToString()), ("name", "Build server"), ("expires_in_days", "30"));
        var made = await CallAsync(owner, "POST", "/api/v1/me/tokens", new { name = "ci", expires_in_days = 7 });
        var listed = (await CallAsync(owner, "GET", "/api/v1/me/tokens")).EnumerateArray()
            .Select(token => token.GetProperty("id").GetString()!).ToList();
        Assert.Equal(2, listed.Count);
        await CallAsync(owner, "DELETE", $"/api/v1/me/tokens/{made.GetProperty("id")}");
        await FillInAsync(owner, $"/me/tokens/{listed.Single(id => id != made.GetProperty("id").GetString())}/revoke");
    }

    private async Task UseSessionsAsync(PageClient owner)
    {
        foreach (var way in (string[])["page", "others by page", "call", "others by call"])
        {
            var other = (await SendAsync(
                null,
                "POST",
                "/api/v1/auth/login",
                new { email = TestServer.Email, password = TestServer.Password })).GetProperty("token").GetString()!;
            var id = (await SendAsync(other, "GET", "/api/v1/me/sessions")).EnumerateArray()
                .First(session => session.GetProperty("current").GetBoolean()).GetProperty("id").GetString()!;
            Task ended = way switch
            {
                "page" => FillInAsync(owner, "/me/sessions", "/me/sessions/end", ("id", id)),
                "others by page" => FillInAsync(owner, "/me/sessions", "/me/sessions/end-others"),
                "call" => CallAsync(owner, "DELETE", $"/api/v1/me/sessions/{id}"),
                _ => CallAsync(owner, "DELETE", "/api/v1/me/sessions"),
            };
            await ended;
        }

        await SendAsync(
            (await SendAsync(null, "POST", "/api/v1/auth/login", new { email = TestServer.Email, password = TestServer.Password }))
                .GetProperty("token").GetString()!,
            "POST",
            "/api/v1/auth/logout");
        var leaving = Browser();
        await FillInAsync(leaving, "/auth/login", ("email", TestServer.Email), ("password", TestServer.Password));
        await FillInAsync(leaving, "/me/sessions", "/auth/logout");
    }

    private async Task UseDevicesAsync(PageClient owner)
    {
        var device = new DeviceClient(_server);
        var begun = await device.BeginAsync();
        await LookAsync(owner, $"/auth/device?user_code={begun["user_code"]}");
        await FillInAsync(
            owner,
            $"/auth/device?user_code={begun["user_code"]}",
            "/auth/device",
            ("user_code", begun["user_code"]),
            ("decision", "approve"));
        var tokens = await device.RefreshAsync((await device.PollAsync(begun))["refresh_token"]);
        Assert.Equal(HttpStatusCode.OK, (await device.RevokeAsync(tokens["access_token"])).Status);
        foreach (var endpoint in (string[])["device_authorization", "token", "revoke"])
        {
            _visited.Add(("POST", DeviceClient.Base + endpoint));
        }
    }

    private async Task UseMembersAsync(PageClient owner)
    {
        var member = await JoinAsync(owner, "ada");
        var id = (await CallAsync(member, "GET", "/api/v1/me")).GetProperty("id").GetString()!;
        await FillInAsync(member, "/me/password", ("current_password", Password), ("new_password", Password + " away"));
        await CallAsync(member, "POST", "/api/v1/me/password", new { current_password = Password + " away", new_password = Password });
        await LookAsync(owner, $"/admin/users/{id}");
        await FillInAsync(owner, $"/admin/users/{id}", $"/admin/users/{id}/role", ("role", "admin"));
        await CallAsync(owner, "PUT", $"/api/v1/members/{id}/role", new { role = "member" });
        var link = (await CallAsync(owner, "POST", $"/api/v1/members/{id}/password-reset")).GetProperty("url").GetString()!;
        await FillInAsync(Browser(), new Uri(link).AbsolutePath, ("password", Password));
        await CallAsync(owner, "DELETE", $"/api/v1/members/{id}/sessions");
        await CallAsync(owner, "POST", $"/api/v1/members/{id}/disable");
        await CallAsync(owner, "POST", $"/api/v1/members/{id}/enable");
        foreach (var step in (string[])["reset-password", "end-sessions", "disable", "enable", "remove"])
        {
            await FillInAsync(owner, $"/admin/users/{id}/{step}");
        }

        var second = (await CallAsync(await JoinAsync(owner, "grace"), "GET", "/api/v1/me")).GetProperty("id").GetString()!;
        await CallAsync(owner, "DELETE", $"/api/v1/members/{second}");
        Assert.Single((await CallAsync(owner, "GET", "/api/v1/members")).EnumerateArray());
    }

    private async Task UseInvitesAsync(PageClient owner)
    {
        await FillInAsync(owner, "/admin/users", "/admin/invites", ("email", "alan@example.com"), ("role", "member"));
        await CallAsync(owner, "POST", "/api/v1/invites", new { email = "barbara@example.com", role = "member" });
        var ids = (await CallAsync(owner, "GET", "/api/v1/invites")).EnumerateArray()
            .Select(invite => invite.GetProperty("id").GetString()).ToList();
        await FillInAsync(owner, $"/admin/invites/{ids[0]}/withdraw");
        await CallAsync(owner, "DELETE", $"/api/v1/invites/{ids[1]}");
    }

    private async Task UseTracesAsync(PageClient owner)
    {
        await CallAsync(owner, "PUT", "/api/v1/capture", new { mode = "full" });
        using var body = ProxyRig.Message();
        var sent = await body.ReadAsByteArrayAsync(Patience.Cancel);
        using var request = _server.ProxyRequest(owner.Session!, "/v1/messages", body);
        using var answer = await _server.Client.SendAsync(request, Patience.Cancel);
        var received = await answer.Content.ReadAsByteArrayAsync(Patience.Cancel);
        var id = Records.IdOf(answer);
        Assert.Equal(sent, await _server.BodyAsync(owner.Session!, id, "request"));
        Assert.Equal(received, await _server.BodyAsync(owner.Session!, id, "response"));
        foreach (var side in (string[])["request", "response"])
        {
            await CallAsync(owner, "GET", $"/api/v1/exchanges/{id}/{side}");
        }

        var trace = (await CallAsync(owner, "GET", $"/api/v1/exchanges/{id}")).GetProperty("trace_id").GetString()!;
        Assert.NotEmpty((await CallAsync(owner, "GET", "/api/v1/traces")).GetProperty("traces").EnumerateArray());
        Assert.Equal(JsonValueKind.Array, (await CallAsync(owner, "GET", $"/api/v1/traces/{trace}")).GetProperty("agents").ValueKind);
        Assert.Single((await CallAsync(owner, "GET", $"/api/v1/traces/{trace}/exchanges")).GetProperty("exchanges").EnumerateArray());
        await CallAsync(owner, "DELETE", $"/api/v1/traces/{trace}");
        await CallAsync(owner, "DELETE", "/api/v1/me/traces");
        await SendAsync(owner.Session, "GET", $"/api/v1/exchanges/{id}/request", expected: HttpStatusCode.Gone);
    }

    private async Task UseRecordingAsync(PageClient owner)
    {
        await CallAsync(owner, "PUT", "/api/v1/capture", new { mode = "usage", members_may = "both", content_days = 7 });
        Assert.Equal("both", (await CallAsync(owner, "GET", "/api/v1/capture")).GetProperty("members_may").GetString());
        await CallAsync(owner, "PUT", "/api/v1/me/capture", new { mode = "off" });
        Assert.Equal("off", (await CallAsync(owner, "GET", "/api/v1/me/capture")).GetProperty("effective").GetString());
        await FillInAsync(owner, "/me/privacy", ("mode", "policy"));
        await LookAsync(owner, "/admin/capture");
        Assert.Contains("Record everything", await FillInAsync(owner, "/admin/capture", ("mode", "full"), ("content_days", "8")));
    }

    private async Task ReadAuditAsync(PageClient owner)
    {
        Assert.Contains("ada@example.com", await LookAsync(owner, "/admin/audit?actor=ada@example.com"));
        Assert.NotEmpty((await CallAsync(owner, "GET", "/api/v1/audit?limit=5")).GetProperty("events").EnumerateArray());
    }

    private async Task UseTheRestAsync(PageClient owner)
    {
        await SendAsync(
            null,
            "POST",
            "/api/v1/auth/setup",
            new { setup_token = TestServer.SetupToken, email = "second@example.com", password = Password },
            HttpStatusCode.Conflict);
        foreach (var path in (string[])[
            "/.well-known/oauth-authorization-server",
            "/.well-known/oauth-authorization-server/proxy/anthropic",
            "/proxy/anthropic/.well-known/oauth-authorization-server"])
        {
            await SendAsync(null, "GET", path);
        }

        await SendAsync(null, "POST", "/api/v1/auth/setup/check", new { setup_token = TestServer.SetupToken }, HttpStatusCode.Conflict);
        await FetchCommandLineAsync(owner);
        await SendAsync(null, "GET", "/proxy/anthropic/managed/settings", expected: HttpStatusCode.NotFound);

        foreach (var signal in (string[])["metrics", "logs", "traces"])
        {
            await SendAsync(null, "POST", $"/proxy/anthropic/v1/{signal}", new { });
        }

        foreach (var path in (string[])["/", "/me"])
        {
            Assert.Equal(HttpStatusCode.SeeOther, await StatusAsync(owner, path));
        }

        foreach (var asset in TraceVault.Pages.PageAssets.All)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(owner, asset.Path));
        }

        _visited.Add(("GET", "/metrics"));
        var metrics = await owner.ReadAsync("/metrics");
        Assert.Matches("(?m)^tracevault_proxy_requests_total", metrics);
        Assert.Matches("(?m)^dotnet_", metrics);
    }

    /// <summary>What it hands out is the command line that was published with it.</summary>
    private async Task FetchCommandLineAsync(PageClient owner)
    {
        var program = await File.ReadAllBytesAsync(PublishedFiles.Locate("tracevault"), Patience.Cancel);
        var name = $"tracevault-{Path.GetFileName(Path.GetDirectoryName(PublishedFiles.Locate("tracevault")))}";
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(program)), await LookAsync(owner, "/downloads"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(owner, $"/downloads/{name}"));
        Assert.Equal(program, await _server.Client.GetByteArrayAsync($"/downloads/{name}", Patience.Cancel));
        await SendAsync(null, "HEAD", $"/downloads/{name}");
    }

    private async Task<PageClient> JoinAsync(PageClient owner, string name)
    {
        var link = (await CallAsync(owner, "POST", "/api/v1/invites", new { email = $"{name}@example.com", role = "member" }))
            .GetProperty("url").GetString()!;
        var browser = Browser();
        await FillInAsync(browser, new Uri(link).AbsolutePath, ("name", name), ("password", Password));
        return browser;
    }

    private PageClient Browser()
    {
        var browser = new PageClient(_server.Url);
        _browsers.Add(browser);
        return browser;
    }

    private Task<JsonElement> CallAsync(PageClient who, string method, string path, object? body = null) =>
        SendAsync(who.Session, method, path, body);

    /// <param name="expected">Null: that it went well.</param>
    private async Task<JsonElement> SendAsync(
        string? token, string method, string path, object? body = null, HttpStatusCode? expected = null)
    {
        _visited.Add((method, path.Split('?')[0]));
        using var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = body is null ? null : JsonContent.Create(body)
        };
        request.Headers.TryAddWithoutValidation("Authorization", token is null ? null : $"Bearer {token}");
        using var answer = await _server.Client.SendAsync(request, Patience.Cancel);
        var text = await answer.Content.ReadAsStringAsync(Patience.Cancel);
        Assert.True(
            expected is null ? answer.IsSuccessStatusCode : answer.StatusCode == expected,
            $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text is ['{' or '[', ..] ? JsonElement.Parse(text) : default;
    }

    private async Task<string> LookAsync(PageClient who, string path)
    {
        _visited.Add(("GET", path.Split('?')[0]));
        var text = await who.ReadAsync(path);
        Assert.Contains("</html>", text);
        return text;
    }

    private async Task<HttpStatusCode> StatusAsync(PageClient who, string path)
    {
        _visited.Add(("GET", path));
        using var answer = await who.GetAsync(path);
        return answer.StatusCode;
    }

    private Task<string> FillInAsync(PageClient who, string page, params (string Name, string Value)[] fields) =>
        FillInAsync(who, page, page, fields);

    /// <returns>What it answered.</returns>
    private async Task<string> FillInAsync(PageClient who, string page, string action, params (string Name, string Value)[] fields)
    {
        _visited.UnionWith([("GET", page.Split('?')[0]), ("POST", action)]);
        using var answer = await who.SubmitAsync(page, action, fields);
        var text = await answer.Content.ReadAsStringAsync(Patience.Cancel);
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.SeeOther, $"POST {action}: {(int)answer.StatusCode} {text}");
        return text;
    }

    /// <summary>Of the same server in this process: the published one does not list them.</summary>
    private static async Task<List<(string Method, string Pattern)>> RoutesAsync()
    {
        await using var server = await TestServer.StartAsync();
        return server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(
                method => (method, "/" + endpoint.RoutePattern.RawText!.Trim('/'))))
            .Distinct().ToList();
    }

    private static bool Fits((string Method, string Pattern) route, (string Method, string Path) visit) =>
        route.Method == visit.Method
        && new TemplateMatcher(TemplateParser.Parse(route.Pattern.Trim('/')), []).TryMatch("/" + visit.Path.Trim('/'), []);
}
