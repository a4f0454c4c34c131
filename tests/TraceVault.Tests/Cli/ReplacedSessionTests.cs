using Microsoft.AspNetCore.Http;

namespace TraceVault.Tests.Cli;

/// <summary>A login that replaces an older sign-in ends the session of that one, if it can.</summary>
public sealed class ReplacedSessionTests : IDisposable
{
    private readonly CliMachine _machine = new();
    private readonly List<string> _asked = [];

    public void Dispose() => _machine.Dispose();

    [Theory, InlineData(204), InlineData(401), InlineData(500)]
    public async Task Is_ended_after_the_new_one_is_stored_whatever_the_server_says(int status)
    {
        var stored = "";
        await using var server = await StartAsync(async context =>
        {
            stored = await File.ReadAllTextAsync(_machine.CredentialsPath, context.RequestAborted);
            context.Response.StatusCode = status;
        });
        var run = await LogInAsync(_machine.SignedIn(server.Url), server);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(["/api/v1/auth/login ", "/api/v1/auth/logout Bearer " + CliMachine.Token], _asked);
        Assert.Contains("tvs_newer", stored);
    }

    [Fact]
    public async Task Is_left_alone_when_another_server_holds_it()
    {
        await using var other = await StartAsync(_ => Task.CompletedTask);
        await using var server = await StartAsync(_ => Task.CompletedTask);
        Assert.Equal(0, (await LogInAsync(_machine.SignedIn(other.Url), server)).ExitCode);
        Assert.Equal(["/api/v1/auth/login "], _asked);
    }

    [Fact]
    public async Task Is_nothing_to_end_when_the_file_was_damaged()
    {
        await using var server = await StartAsync(_ => Task.CompletedTask);
        await File.WriteAllTextAsync(_machine.SignedIn(server.Url).CredentialsPath, "{", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await LogInAsync(_machine, server)).ExitCode);
        Assert.Equal(["/api/v1/auth/login "], _asked);
    }

    private static Task<Transcript> LogInAsync(CliMachine machine, OddServer server) =>
        machine.PipeAsync($"login --server {server.Url} --email ada@example.com --password-stdin", "secret");

    private Task<OddServer> StartAsync(RequestDelegate logOut) => OddServer.StartAsync(context =>
    {
        _asked.Add($"{context.Request.Path} {context.Request.Headers.Authorization}");
        return context.Request.Path == "/api/v1/auth/logout"
            ? logOut(context)
            : OddServer.JsonAsync(
                context, """{"user":{"email":"ada@example.com"},"token":"tvs_newer","expires_at":"2026-12-20T10:00:00Z"}""");
    });
}
