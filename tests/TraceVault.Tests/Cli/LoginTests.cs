using System.Text.Json;

namespace TraceVault.Tests.Cli;

/// <summary>Where <c>login</c> and <c>setup</c> go, and what they say about a server that is not TraceVault.</summary>
public sealed class LoginTests : IDisposable
{
    private readonly CliMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task The_last_server_is_remembered_beyond_a_logout()
    {
        await using var server = await TestServer.StartAsync(clock: _machine.Clock);
        await server.SetUpAsync();
        var url = server.Url.GetLeftPart(UriPartial.Authority);
        var options = $"--email {TestServer.Email} --password-stdin";
        Assert.Equal(0, (await _machine.PipeAsync($"login --server {url}/me/proxy {options}", TestServer.Password)).ExitCode);
        Assert.Equal(0, (await _machine.RunAsync("logout")).ExitCode);

        var again = await _machine.PipeAsync($"login {options}", TestServer.Password);
        Assert.Equal((0, $"Signing in at {url}.\n"), (again.ExitCode, again.Error));
        Assert.StartsWith($"Signed in as {TestServer.Email} at {url} until ", again.Out);
    }

    [Fact]
    public async Task A_sign_in_of_an_earlier_version_remembers_its_server_too()
    {
        var run = await _machine.SignedIn("http://127.0.0.1:1").PipeAsync("login --email ada@example.com --password-stdin", "secret");
        Assert.StartsWith("Signing in at http://127.0.0.1:1.\nCan't reach http://127.0.0.1:1", run.Error);
    }

    /// <summary>Clients ask one question less when the address does not come with the token.</summary>
    [Fact]
    public async Task The_server_is_asked_whose_session_a_code_brought()
    {
        var clock = new AwaitedClock(DateTimeOffset.Parse("2026-11-20T10:00:00Z"));
        using var machine = new CliMachine { Clock = clock };
        await using var server = await OddServer.StartAsync(context => context.Request.Path.Value switch
        {
            "/api/v1/me" => OddServer.SessionAsync(context, "2026-12-25T00:00:00Z"),
            SoundServer.Base + "/oauth/token" =>
                OddServer.JsonAsync(context, $$"""{"access_token":"{{CliMachine.Token}}","expires_in":2592000}"""),
            _ => OddServer.JsonAsync(
                context,
                """{"device_code":"tvd_x","user_code":"BCDF-GHJK","verification_uri":"http://127.0.0.1:1/","expires_in":60"""
                    + ""","interval":1}"""),
        });
        var run = await clock.PassAsync(machine.RunAsync($"login --server {server.Url}"));
        Assert.Equal($"Signed in as ada@example.com at {server.Url} until 2026-12-25 00:00 UTC.\n", run.Out);
    }

    [Theory]
    [InlineData(401, "application/json", """{"message":"Requires authentication","documentation_url":"https://example.com"}""")]
    [InlineData(401, "application/json", """{"detail":"Not authenticated"}""")]
    [InlineData(401, "application/problem+json", """{"title":"Unauthorized","status":401}""")]
    [InlineData(401, null, "")]
    [InlineData(403, "application/json", """{"error":"forbidden"}""")]
    [InlineData(404, "application/json", """{"detail":"Not Found"}""")]
    [InlineData(404, "application/problem+json", """{"title":"Not Found","status":404}""")]
    [InlineData(409, "application/json", "{}")]
    [InlineData(429, "application/json", "{}")]
    [InlineData(500, "application/json", """{"message":"Internal Server Error"}""")]
    public async Task A_server_that_is_not_tracevault_is_called_that(int status, string? type, string body)
    {
        await using var server = await OddServer.StartAsync(context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, type);
            return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, body);
        });
        _machine.Variables["TRACEVAULT_SETUP_TOKEN"] = "setup-token";
        foreach (var line in (string[])[
            "login --no-browser",
            "login --email ada@example.com --password-stdin",
            "setup --email ada@example.com --password-stdin"])
        {
            Assert.Equal(
                new(
                    1,
                    "",
                    $"What answers at {server.Url} is not TraceVault, or something in front of it answered instead (HTTP {status}, "
                        + $"{type ?? "no content type"}). Check the URL.\n"),
                await _machine.PipeAsync($"{line} --server {server.Url}", "secret"));
        }
    }

    [Theory]
    [InlineData(
        401,
        "This token is not known, or its session was ended. Sign in again with `tracevault login`.",
        "This token is not known, or its session was ended. Run: tracevault login --server SERVER")]
    [InlineData(
        409,
        "This server already has its first user. Sign in with `tracevault login`.",
        "This server already has its first user. Run: tracevault login --server SERVER")]
    [InlineData(429, "Too many failed attempts. Try again in 15 minutes.", "Too many failed attempts. Try again in 15 minutes.")]
    [InlineData(
        503,
        "The database is unavailable. Try again in a few seconds.",
        "The database is unavailable. Try again; if it keeps failing, look into the server's log.")]
    public async Task Advice_is_given_once(int status, string detail, string expected)
    {
        await using var server = await OddServer.StartAsync(context =>
        {
            context.Response.Headers.RetryAfter = status == 429 ? "900" : default;
            return OddServer.ProblemAsync(context, status, $$"""{"title":"No","detail":{{JsonSerializer.Serialize(detail)}}}""");
        });
        Assert.Equal(expected.Replace("SERVER", server.Url) + "\n", (await _machine.SignedIn(server.Url).RunAsync("status")).Error);
    }

    [Fact]
    public async Task A_wrong_setup_token_is_said_before_anything_else_is_asked_for()
    {
        await using var server = await TestServer.StartAsync(clock: _machine.Clock);
        var run = await _machine.TypeAsync($"setup --server {server.Url.GetLeftPart(UriPartial.Authority)}", "guessed-in-vain\n");
        Assert.Equal(
            new(1, "", "Setup token (the server printed it): \nThe setup token is wrong. The server printed it when it started.\n"), run);
    }
}
