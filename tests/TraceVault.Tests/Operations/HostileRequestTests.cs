using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Accounts;
using TraceVault.Api;
using TraceVault.Tests.Gateway;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Operations;

/// <summary>What anybody may send to every endpoint there is: never a mistake of the server's, never a stack trace in its log.</summary>
public partial class HostileRequestTests
{
    private const string Form = "application/x-www-form-urlencoded";

    private static readonly string[] Hosts =
    [
        "", "a", "[::1", "[", "]", "a:99999999", "a:-1", "a:", ":80", "%41", "..", "-", "a..b", "a_b", "xn--", "xn--a.example",
        "xn--99999999", "xn--mnchen-3ya.example", "[fe80::1%25eth0]", "[::ffff:1.2.3.4]", "1.2.3.4.5", "0x7f.1", new('a', 300)
    ];

    private static readonly string[] Values =
    [
        "%00", "a%00b", "a%00@example.com", "%ff%fe", "%ed%a0%80", "%zz", "%", "%u0000", "-1", "99999999999999999999999", "1e400",
        "%0d%0ax:y", "%e2%80%ae", "'", "{0}", "[]", new('a', 4000)
    ];

    private static readonly string[] Parameters =
    [
        "actor", "subject", "action", "outcome", "from", "to", "before", "limit", "user_code", "return_to", "ended", "done", "removed",
        "tool", "email", "password", "name", "role", "id", "key", "decision", "setup_token", "max_concurrent", "expires_in_days",
        "current_password", "new_password", "replaces", "grant_type", "device_code", "refresh_token", "token", "mode", "members_may",
        "content_days", "usage_days", "others_content", "confirmed"
    ];

    private static readonly string[] Cookies =
    [
        "tv_session=%00", "tv_session=;;=;", "tv_session=\"", "tv_form=x", "tv_form=%00; tv_session=tvs_x", "=", "tv_session=é",
        $"tv_session={AccessToken.Create(TokenKind.Session).Reveal()}", $"tv_session={new string('a', 6000)}"
    ];

    private static readonly string[] Segments =
    [
        "x", "%2500", "%ff", "%c0%80", "a%20b", AccessToken.Create(TokenKind.Link).Reveal(), new('a', 3000)
    ];

    private static readonly (string? Type, string Body)[] Bodies =
    [
        (null, ""),
        (null, "x"),
        ("", "x"),
        (";", "x"),
        (",", "x"),
        ("text/plain", "{}"),
        (Form, ""),
        (Form, "&&&===&"),
        (Form, "email"),
        (Form, "__proto__=x&[]=1&a[0]=1"),
        (Form, string.Join('&', Enumerable.Range(0, 3000).Select(i => $"a{i}=1"))),
        (Form, new string('k', 5000) + "=1"),
        (Form, "email=a@b&email=c@d&password=1&password=2"),
        (Form + "; charset=utf-7", "email=a"),
        (Form + "; charset=utf-16", "email=a"),
        (Form + "; charset=nothing", "email=a"),
        (Form + "; charset=\"\"", "email=a"),
        (Form + "; charset", "email=a"),
        ("multipart/form-data", "x"),
        ("multipart/form-data; boundary=", "x"),
        ("multipart/form-data; boundary=" + new string('b', 300), "x"),
        ("multipart/form-data; boundary=b", "x"),
        ("multipart/form-data; boundary=b", "--b\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", "--b\r\ncontent-disposition: form-data; name=\"email\"\r\n\r\n\0\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", "--b\r\ncontent-disposition: form-data; name=\"email\"; filename=\"x\"\r\n\r\nx\r\n--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            "--b\r\ncontent-disposition: form-data; name=\"email\"\r\ncontent-type: text/plain; charset=utf-7\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b; charset=utf-7", "--b--\r\n"),
        ("application/json", ""),
        ("application/json", "null"),
        ("application/json", "[]"),
        ("application/json", "1"),
        ("application/json", "{"),
        ("application/json", "{}"),
        ("application/json", "\u00ff\u00fe"),
        ("application/json", new string('[', 5000)),
        ("application/json", "{\"email\":1,\"name\":[],\"role\":{}}"),
        ("application/json; charset=utf-7", "{}"),
        ("application/json; charset=utf-16", "{}"),
        ("application/json; charset=nothing", "{}"),
        .. ((string[])["\\u0000", "\\ud800", "\u00ff", "a\\u0000@b", "\\ud800@example.com"]).Select(value =>
            (
                (string?)"application/json",
                "{" + string.Join(',', Parameters
                    .Where(name => name is not ("max_concurrent" or "expires_in_days" or "content_days" or "usage_days"))
                    .Select(name => $"\"{name}\":\"{value}\"")) + "}")),
        ("application/json", "{\"max_concurrent\":1e400,\"expires_in_days\":-99999999999,\"content_days\":99999999999}"),
        .. Values.Select(value => ((string?)Form, All(value))),
    ];

    /// <param name="Method">As it goes over the wire.</param>
    /// <param name="Target">Likewise.</param>
    /// <param name="Headers">Further header lines; without one, the host is the server's.</param>
    private sealed record Sent(string Method, string Target, string[] Headers, string Body)
    {
        public override string ToString() => $"{Method} {Short(Target)} {Short(string.Join(" | ", Headers))} {Short(Body)}";

        private static string Short(string text) => text.Length <= 200 ? text : text[..200] + "…";
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Nothing_that_a_stranger_sends_is_a_mistake_of_the_server(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        await server.SetUpAsync();

        await SendAllAsync(server, Nightly.Of(All(server, []), byDay: engine == "sqlite" ? 1 : 5));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Nothing_that_a_signed_in_browser_or_program_sends_is_either(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        var form = PageClient.FormToken(await browser.ReadAsync("/me/proxy/"));
        var cookies = browser.Cookies.GetCookieHeader(server.Url);
        string[] identity = [$"Cookie: {cookies}", $"Authorization: Bearer {browser.Session}"];

        var statuses = await SendAllAsync(server, Nightly.Of(All(server, identity), byDay: engine == "sqlite" ? 1 : 5)
            .Where(sent => sent.Method != "DELETE" && !sent.Target.Contains("/logout", StringComparison.Ordinal)) // it stays signed in
            .Select(sent => sent.Headers.Contains($"Content-Type: {Form}")
                ? sent with { Body = $"{sent.Body}&form_token={Uri.EscapeDataString(form)}" }
                : sent));

        Assert.Contains(303, statuses); // forms were taken
        await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", browser.Session!);
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_a_body_is_no_mistake_of_an_endpoint()
    {
        await using var server = await TestServer.StartAsync();

        foreach (var sent in All(server, []).Where(sent => sent.Method is "POST" or "PUT")
            .DistinctBy(sent => (sent.Method, sent.Target)).ToList())
        {
            foreach (var type in (string[])[Form, "application/json"])
            {
                var raw = await RawHttp.ConnectAsync(server.Url);
                await raw.WriteAsync(
                    $"{sent.Method} {sent.Target} HTTP/1.1\r\nHost: {server.Url.Authority}\r\nContent-Type: {type}\r\n"
                        + $"Content-Length: 99\r\n\r\n{{",
                    Patience.Cancel);
                raw.Socket.LingerState = new LingerOption(true, 0); // a reset, not a close
                raw.Dispose();
            }
        }

        await server.StopAsync(); // when all of them have ended
        Assert.DoesNotContain(typeof(ApiErrors).FullName!, server.Log.Text);
    }

    [Fact]
    public async Task A_flood_is_two_lines_of_the_log_and_honest_refusals_are_told_at_once()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var server = await TestServer.StartAsync(clock: clock);
        for (var i = 0; i < 300; i++)
        {
            using var raw = await RawHttp.ConnectAsync(server.Url);
            await raw.WriteAsync("GET /nope HTTP/1.1\r\nHost:\r\nAccept: text/html\r\nConnection: close\r\n\r\n", Patience.Cancel);
            var answer = await raw.ReadAsync(Patience.Cancel);
            Assert.Equal((400, "application/problem+json"), (answer.Status, answer.Header("content-type")));
        }

        Assert.Single(server.Log.Lines, line => line.Contains("names no host", StringComparison.Ordinal));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains(
            "Again within the last minute: A request was refused: its Host header names no host. (299 times)",
            await server.Log.WaitForAsync("Again within", Patience.Cancel));
        Assert.Equal(2, server.Log.Lines.Count(line => line.Contains("names no host", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("GET", "/auth/login?user=%00", "text/html", "", 400)]
    [InlineData("POST", "/auth/login", "", "", 400)]
    [InlineData("POST", "/auth/login", "application/x-www-form-urlencoded; charset=utf-7", "email=a", 415)]
    [InlineData("POST", "/auth/login", "multipart/form-data; boundary=b", "--b--", 400)]
    [InlineData("POST", "/auth/login", "application/x-www-form-urlencoded", "email=%00", 400)]
    [InlineData("POST", "/api/v1/auth/login", "application/json; charset=utf-7", "{}", 415)]
    public async Task What_cannot_be_read_is_the_senders_mistake(string method, string target, string type, string body, int status)
    {
        await using var server = await TestServer.StartAsync();
        using var raw = await RawHttp.ConnectAsync(server.Url);
        await raw.WriteAsync(
            $"{method} {target} HTTP/1.1\r\nHost: {server.Url.Authority}\r\nAccept: text/html\r\nConnection: close\r\n"
                + $"{(type.Length > 0 ? $"Content-Type: {type}\r\n" : "")}Content-Length: {body.Length}\r\n\r\n{body}",
            Patience.Cancel);

        Assert.Equal(status, (await raw.ReadAsync(Patience.Cancel)).Status);
    }

    private static IEnumerable<Sent> All(TestServer server, string[] identity)
    {
        var endpoints = server.Services.GetRequiredService<IEnumerable<EndpointDataSource>>()
            .SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(
                method => (Method: method, Path: "/" + endpoint.RoutePattern.RawText!.TrimStart('/'))))
            .Append(("GET", "/nope")).Append(("POST", "/nope")).Append(("GET", "/healthz")).Append(("GET", "/readyz")).ToList();
        string[] page = [.. identity, "Accept: text/html"];
        var random = new Random(1);
        foreach (var (method, path) in endpoints)
        {
            // Nothing has the id "x". A page is asked for with or without Accept: text/html, at random.
            var plain = Segment().Replace(path, "x");
            string[] headers = random.Next(2) == 0 ? page : identity;
            foreach (var host in Hosts)
            {
                yield return new Sent(method, plain, [.. page, $"Host: {host}"], "");
            }

            foreach (var cookie in identity.Length > 0 ? [] : Cookies)
            {
                yield return new Sent(method, plain, [.. headers, $"Cookie: {cookie}"], "");
            }

            foreach (var segment in path.Contains('{', StringComparison.Ordinal) ? Segments : [])
            {
                yield return new Sent(method, Segment().Replace(path, segment), page, "");
            }

            foreach (var value in Values)
            {
                yield return new Sent(method, $"{plain}?{All(value)}", headers, "");
            }

            foreach (var (type, body) in method is "GET" or "HEAD" ? [] : Bodies)
            {
                yield return new Sent(method, plain, type is null ? headers : [.. headers, $"Content-Type: {type}"], body);
            }
        }

        foreach (var target in (string[])[
            "/%ff", "/%00", "/%zz", "//", "///x", "/./", "/..", "/%2e%2e/", "/a%2fb", "/?%00", "/?" + new string('a', 7000), "*", "/\u00ff",
            "/a\\b", "/auth/login/", "/AUTH/LOGIN", "/assets/x", "/proxy", "/proxy/x", "/%70roxy/anthropic/oauth/token"])
        {
            foreach (var method in (string[])["GET", "HEAD", "POST", "OPTIONS", "PUT", "FOO"])
            {
                yield return new Sent(method, target, page, "");
            }
        }
    }

    /// <summary>Sends it all, several at a time, each on a connection of its own.</summary>
    private static async Task<IReadOnlyCollection<int>> SendAllAsync(TestServer server, IEnumerable<Sent> all)
    {
        var mistakes = new ConcurrentQueue<string>();
        var statuses = new ConcurrentQueue<int>();
        await Parallel.ForEachAsync(
            all, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Patience.Cancel }, async (sent, cancel) =>
            {
                using var raw = await RawHttp.ConnectAsync(server.Url);
                var host = sent.Headers.Any(header => header.StartsWith("Host:", StringComparison.Ordinal))
                    ? ""
                    : $"Host: {server.Url.Authority}\r\n";
                var length = sent.Body.Length > 0
                    || sent.Headers.Any(header => header.StartsWith("Content-Type:", StringComparison.Ordinal))
                    ? $"Content-Length: {sent.Body.Length.ToString(CultureInfo.InvariantCulture)}\r\n"
                    : "";
                await raw.WriteAsync(
                    $"{sent.Method} {sent.Target} HTTP/1.1\r\n{host}Connection: close\r\n"
                        + $"{string.Concat(sent.Headers.Select(header => header + "\r\n"))}{length}\r\n{sent.Body}",
                    cancel);
                var answer = await raw.ReadAsync(cancel);
                statuses.Enqueue(answer.Status);
                if (answer.Status is < 200 or >= 500 && !(answer.Status == 0 && answer.WasReset))
                {
                    mistakes.Enqueue($"{answer.Status} {sent}");
                }
            });

        Assert.True(mistakes.IsEmpty, $"{mistakes.Count} were mistakes of the server:\n{string.Join('\n', mistakes.Take(40))}");
        AssertQuiet(server);
        return statuses;
    }

    /// <summary>The tests give their settings on the command line, which a server warns of.</summary>
    private static void AssertQuiet(TestServer server)
    {
        var loud = server.Log.Lines.Where(
            line => Loud().IsMatch(line) && !line.Contains("is on the command line", StringComparison.Ordinal)).ToList();
        Assert.True(loud.Count == 0, $"{loud.Count} lines of the log are too loud:\n{string.Join('\n', loud.Take(20))}");
    }

    private static string All(string value) =>
        string.Join('&', Parameters.Select(name => $"{name}={(value.Length > 1000 && name != "user_code" ? "a" : value)}"));

    [GeneratedRegex("^(Warning|Error|Critical) ")]
    private static partial Regex Loud();

    [GeneratedRegex("\\{[^}]*\\}")]
    private static partial Regex Segment();
}
