using Microsoft.AspNetCore.Http;

namespace TraceVault.Tests.Cli;

/// <summary>
/// The server moves the end of a session in use. Commands that hand the token on ask the server for the end when the one that they know
/// has passed.
/// </summary>
public sealed class RenewalTests : IDisposable
{
    private const string Before = "2026-11-20T09:59:59Z", After = "2026-11-20T10:00:01Z", Renewed = "2026-12-25T00:00:00Z";

    private readonly CliMachine _machine = new();
    private readonly List<string> _asked = [];

    public void Dispose() => _machine.Dispose();

    [Theory, InlineData("token"), InlineData("env")]
    public async Task No_server_is_asked_while_it_has_only_just_spoken(string command)
    {
        await using var server = await StartAsync(RenewAsync);
        Assert.Equal(0, (await _machine.SignedIn(server.Url, After).RunAsync("proxy " + command)).ExitCode);
        Assert.Empty(_asked);
    }

    [Theory, InlineData("2026-12-20T10:00:00Z"), InlineData(Renewed)]
    public async Task A_while_after_its_last_word_the_server_is_asked_once_more(string end)
    {
        await using var server = await StartAsync(RenewAsync);
        _machine.SignedIn(server.Url, end);
        foreach (var wait in (int[])[1, 1, 1, 1])
        {
            _machine.Clock.Advance(TimeSpan.FromSeconds(wait));
            Assert.Equal(new(0, CliMachine.Token + "\n", ""), await _machine.RunAsync("proxy token"));
        }

        Assert.Equal(2, _asked.Count);
    }

    [Theory, InlineData("token"), InlineData("env"), InlineData("run -- true")]
    public async Task A_session_that_was_ended_elsewhere_is_said_to_have_been(string command)
    {
        await using var server = await StartAsync(context => OddServer.ProblemAsync(context, 401, """{"title":"No."}"""));
        _machine.SignedIn(server.Url, Renewed).Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(
            new(3, "", $"Your sign-in at {server.Url} was ended. Run: tracevault login --server {server.Url}\n"),
            await _machine.RunAsync("proxy " + command));
    }

    [Theory, InlineData(401), InlineData(403), InlineData(502), InlineData(503), InlineData(0)]
    public async Task While_nobody_can_say_the_token_is_printed(int status)
    {
        await using var server = await StartAsync(context =>
        {
            if (status == 0)
            {
                context.Abort();
            }

            (context.Response.StatusCode, context.Response.ContentType) = (status, "text/html"); // not of TraceVault's
            return Task.CompletedTask;
        });
        _machine.SignedIn(server.Url, Renewed).Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(new(0, CliMachine.Token + "\n", ""), await _machine.RunAsync("proxy token"));
        Assert.Single(_asked);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_costs_a_second_and_a_half_while_the_token_is_good()
    {
        var arrived = new TaskCompletionSource();
        await using var server = await StartAsync(context =>
        {
            arrived.SetResult();
            var left = new TaskCompletionSource();
            context.RequestAborted.Register(left.SetResult);
            return left.Task;
        });
        _machine.SignedIn(server.Url, Renewed).Clock.Advance(TimeSpan.FromMinutes(5));
        var run = _machine.RunAsync("proxy token");
        await arrived.Task.WaitAsync(Patience.Cancel);
        _machine.Clock.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(new(0, CliMachine.Token + "\n", ""), await run.WaitAsync(Patience.Cancel));
    }

    [Theory, InlineData("token"), InlineData("env")]
    public async Task Once_it_has_passed_the_server_is_asked_once_and_the_new_end_is_kept(string command)
    {
        await using var server = await StartAsync(RenewAsync);
        _machine.SignedIn(server.Url, Before);
        for (var time = 0; time < 2; time++)
        {
            var run = await _machine.RunAsync("proxy " + command);
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.Contains(CliMachine.Token, run.Out);
        }

        Assert.Equal(["GET /api/v1/me Bearer " + CliMachine.Token], _asked);
        Assert.Contains(Renewed, await ReadFileAsync());
    }

    [Fact]
    public Task A_session_that_did_end_is_said_to_have_ended() => AssertRefusedAsync(
        401, server => new(3, "", $"Your sign-in at {server} ended on 2026-11-20 09:59 UTC. Run: tracevault login --server {server}\n"));

    [Theory, InlineData(403, "No."), InlineData(500, "No. Try again; if it keeps failing, look into the server's log.")]
    public Task An_answer_that_says_nothing_of_the_session_does_not_end_it(int status, string reason) => AssertRefusedAsync(
        status, _ => new(1, "", $"Could not check whether your sign-in is still valid: {reason}\n"));

    [Fact]
    public async Task A_server_that_does_not_answer_costs_three_seconds()
    {
        var arrived = new TaskCompletionSource();
        await using var server = await StartAsync(context =>
        {
            arrived.SetResult();
            var left = new TaskCompletionSource();
            context.RequestAborted.Register(left.SetResult);
            return left.Task;
        });
        var run = _machine.SignedIn(server.Url, Before).RunAsync("proxy token");
        await arrived.Task.WaitAsync(Patience.Cancel);
        _machine.Clock.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(run.IsCompleted);
        _machine.Clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(
            new(
                1,
                "",
                $"Could not check whether your sign-in is still valid: Can't reach {server.Url}: no answer came in time. Check the URL and "
                    + "that the server is running.\n"),
            await run);
    }

    [Fact]
    public async Task A_login_in_the_meantime_is_not_undone()
    {
        await using var server = await StartAsync(async context =>
        {
            await File.WriteAllTextAsync(
                _machine.CredentialsPath, (await ReadFileAsync()).Replace(CliMachine.Token, "tvs_newer"), context.RequestAborted);
            await RenewAsync(context);
        });
        Assert.Equal(new(0, CliMachine.Token + "\n", ""), await _machine.SignedIn(server.Url, Before).RunAsync("proxy token"));
        Assert.Contains("tvs_newer", await ReadFileAsync());
    }

    private async Task AssertRefusedAsync(int status, Func<string, Transcript> expected)
    {
        await using var server = await StartAsync(context => OddServer.ProblemAsync(context, status, """{"title":"No."}"""));
        _machine.SignedIn(server.Url, Before);
        var stored = await ReadFileAsync();
        Assert.Equal(expected(server.Url), await _machine.RunAsync("proxy token"));
        Assert.Equal(stored, await ReadFileAsync());
        Assert.Single(_asked);
    }

    private static Task RenewAsync(HttpContext context) => OddServer.SessionAsync(context, Renewed);

    private Task<string> ReadFileAsync() => File.ReadAllTextAsync(_machine.CredentialsPath, Patience.Cancel);

    private Task<OddServer> StartAsync(RequestDelegate answer) => OddServer.StartAsync(context =>
    {
        _asked.Add($"{context.Request.Method} {context.Request.Path} {context.Request.Headers.Authorization}");
        return answer(context);
    });
}
