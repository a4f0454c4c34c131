using Microsoft.AspNetCore.Http;

namespace TraceVault.Tests.Cli;

/// <summary>Servers that are absent, in the way, or not TraceVault: each gets its own sentence.</summary>
public sealed class OddServerTests : IDisposable
{
    private readonly CliMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task Nothing_listens_there()
    {
        var server = await OddServer.StartAsync(_ => Task.CompletedTask);
        await server.DisposeAsync();
        Assert.Equal(
            new(1, "", $"Can't reach {server.Url}: nothing listens there. Check the URL and that the server is running.\n"),
            await _machine.SignedIn(server.Url).RunAsync("status"));
    }

    [Fact]
    public async Task A_logout_is_forgotten_here_even_when_the_server_is_gone()
    {
        var server = await OddServer.StartAsync(_ => Task.CompletedTask);
        await server.DisposeAsync();
        var run = await _machine.SignedIn(server.Url).RunAsync("logout");
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains(
            "forgotten on this machine, but its session on the server was not ended. It ends by itself 30 days after its last use.",
            run.Error);
        Assert.DoesNotContain("browser", run.Error);
        Assert.False(File.Exists(_machine.CredentialsPath));
    }

    [Theory, InlineData(200), InlineData(404), InlineData(502)]
    public async Task A_web_page_is_not_tracevault(int status)
    {
        await using var server = await OddServer.StartAsync(context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, "text/html; charset=utf-8");
            return context.Response.WriteAsync("<html>");
        });
        Assert.Equal(
            new(
                1,
                "",
                $"What answers at {server.Url} is not TraceVault, or something in front of it answered instead (HTTP {status}, text/html). "
                    + "Check the URL.\n"),
            await _machine.SignedIn(server.Url).RunAsync("status"));
    }

    [Theory, InlineData("{}"), InlineData("[]"), InlineData("null"), InlineData("{")]
    public async Task Other_json_is_not_tracevault_either(string body)
    {
        await using var server = await OddServer.StartAsync(context =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(body);
        });
        var run = await _machine.SignedIn(server.Url).RunAsync("status --json");
        Assert.Equal("not_tracevault", run.Json.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory, InlineData(200), InlineData(400)]
    public async Task An_encoding_that_does_not_exist_is_not_tracevault_either(int status)
    {
        await using var server = await OddServer.StartAsync(context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, "application/json; charset=none");
            return context.Response.WriteAsync("""{"title":"Bad Request"}""");
        });
        var run = await _machine.SignedIn(server.Url).RunAsync("status --json");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("not_tracevault", run.Json.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_redirect_is_explained_and_the_token_does_not_follow_it()
    {
        var followed = false;
        await using var target = await OddServer.StartAsync(_ =>
        {
            followed = true;
            return Task.CompletedTask;
        });
        await using var server = await OddServer.StartAsync(context =>
        {
            context.Response.Redirect(target.Url + "/api/v1/me");
            return Task.CompletedTask;
        });
        var run = await _machine.SignedIn(server.Url).RunAsync("status");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"The server answers at {target.Url}; use that URL.", run.Error);
        Assert.False(followed);
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_is_explained()
    {
        await using var server = await OddServer.StartAsync(_ => Task.CompletedTask, tls: true);
        var run = await _machine.SignedIn(server.Url).RunAsync("status");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"Can't make a trusted TLS connection to {server.Url}.", run.Error);
        Assert.Contains("SSL_CERT_FILE", run.Error);
    }

    [Fact]
    public async Task A_server_that_hangs_up_is_explained()
    {
        await using var server = await OddServer.StartAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        var run = await _machine.SignedIn(server.Url).RunAsync("status");
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.StartsWith($"Can't reach {server.Url}: the connection broke off.", run.Error);
    }

    [Fact]
    public async Task Too_many_attempts_say_how_long_to_wait()
    {
        await using var server = await OddServer.StartAsync(context =>
        {
            context.Response.Headers.RetryAfter = "30";
            return OddServer.ProblemAsync(context, 429, """{"title":"Too Many Requests","detail":"Too many failed sign-ins."}""");
        });
        Assert.Equal(
            new(1, "", "Too many failed sign-ins. Try again in 30 seconds.\n"),
            await _machine.PipeAsync($"login --server {server.Url} --email ada@example.com --password-stdin", "secret"));
    }

    [Fact]
    public async Task A_problem_names_its_fields_and_cannot_drive_the_terminal()
    {
        await using var server = await OddServer.StartAsync(context => OddServer.ProblemAsync(
            context,
            400,
            """{"title":"Bad Request","detail":"Some fields are wrong\u001b[2J","errors":{"password":["Too short.","Too plain."]}}"""));
        Assert.Equal(
            new(1, "", "Some fields are wrong\\u001b[2J.\n  password: Too short.\n  password: Too plain.\n"),
            await _machine.PipeAsync($"login --server {server.Url} --email ada@example.com --password-stdin", "secret"));
    }

    [Fact]
    public async Task Names_itself_and_sends_the_token_to_the_api()
    {
        var seen = new TaskCompletionSource<(string Agent, string Authorization)>();
        await using var server = await OddServer.StartAsync(context =>
        {
            seen.TrySetResult((context.Request.Headers.UserAgent.ToString(), context.Request.Headers.Authorization.ToString()));
            return OddServer.ProblemAsync(context, 401, """{"title":"Unauthorized","detail":"The session has ended."}""");
        });
        Assert.Equal(
            new(3, "", $"The session has ended. Run: tracevault login --server {server.Url}\n"),
            await _machine.SignedIn(server.Url).RunAsync("status"));
        var (agent, authorization) = await seen.Task;
        Assert.Matches(@"^tracevault-cli/\d+\.\d+\.\d+ \(\w+; \w+\)$", agent);
        Assert.Equal("Bearer " + CliMachine.Token, authorization);
    }

    [Fact]
    public async Task A_session_that_cannot_be_stored_is_ended_again()
    {
        var ended = new TaskCompletionSource<string>();
        await using var server = await OddServer.StartAsync(context =>
        {
            if (context.Request.Path == "/api/v1/auth/logout")
            {
                ended.SetResult(context.Request.Headers.Authorization.ToString());
                context.Response.StatusCode = 204;
                return Task.CompletedTask;
            }

            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(
                $$"""{"user":{"email":"ada@example.com"},"token":"{{CliMachine.Token}}","expires_at":"2026-12-20T10:00:00Z"}""");
        });
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, "tracevault"), "in the way", Patience.Cancel);
        var run = await _machine.PipeAsync($"login --server {server.Url} --email ada@example.com --password-stdin", "secret");
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Equal("Bearer " + CliMachine.Token, await ended.Task);
    }
}
