using System.Text.Json;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Cli;

/// <summary>The doctor with servers that are in order.</summary>
public sealed class DoctorTests : IDisposable
{
    private static readonly string[] Checks =
    [
        "credentials", "reachable", "certificate", "clock", "ready", "session", "anthropic-key", "probe-base", "probe-hello",
        "missing-token", "invalid-token", "conflicting-tokens", "bad-paths", "body-limit", "models", "response-headers", "stream",
        "env-base-url", "env-credentials", "env-providers",
    ];

    private readonly CliMachine _machine = new() { Clock = new SteppingClock(TimeProvider.System.GetUtcNow()) };

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task A_real_server_passes_every_check_with_one_request_upstream()
    {
        await using var rig = await ProxyRig.StartAsync();
        SignIn(rig);
        var run = await _machine.RunAsync("proxy doctor");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var lines = run.Out.Split('\n');
        Assert.Equal(Checks, lines.Take(Checks.Length).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
        Assert.All(lines.Take(Checks.Length), line => Assert.StartsWith(line.Contains("  stream ") ? "skip  " : "ok    ", line));
        Assert.EndsWith("\n\n19 ok, 0 to look at, 0 failed, 1 skipped.\n", run.Out);
        Assert.Equal("/v1/models?limit=1", Assert.Single(rig.Upstream.Requests).Target);
    }

    [Fact]
    public async Task A_stream_is_watched_when_asked_for()
    {
        await using var rig = await ProxyRig.StartAsync(
            new() { Pace = TimeSpan.FromMilliseconds(100) }); // a busy machine must not make clusters of them
        SignIn(rig);
        _machine.Variables["ANTHROPIC_DEFAULT_HAIKU_MODEL"] = "claude-of-the-tests";
        var run = DoctorRun.Of(await _machine.RunAsync("proxy doctor --stream --json"));
        Assert.All(run.Lines, line => Assert.Equal(("ok", null), (line.Result, line.Remedy)));
        Assert.Matches(@"^24 events in \d+ pieces, the first after \d+ ms, the last after \d+ ms\.$", run["stream"].Detail);
        Assert.Contains("\"model\":\"claude-of-the-tests\"", System.Text.Encoding.UTF8.GetString(rig.Upstream.Requests[^1].Body.Span));
    }

    [Fact]
    public async Task A_proxy_token_is_good_for_all_but_the_api()
    {
        await using var rig = await ProxyRig.StartAsync();
        using var made = await rig.Server.ApiAsync(HttpMethod.Post, "/api/v1/me/tokens", rig.Token, new { name = "build server" });
        SignIn(
            rig, JsonDocument.Parse(await made.Content.ReadAsStringAsync(Patience.Cancel)).RootElement.GetProperty("token").GetString()!);
        var run = DoctorRun.Of(await _machine.RunAsync("proxy doctor --json"));
        Assert.Equal(["session", "anthropic-key", "stream"], run.Lines.Where(line => line.Result == "skip").Select(line => line.Check));
        Assert.Equal((0, "ok"), (run.ExitCode, run["models"].Result));
    }

    /// <summary>The token's row was read a moment ago, so the proxy still serves it.</summary>
    [Fact]
    public async Task A_database_that_is_away_is_named_and_nothing_else_is_blamed()
    {
        await using var rig = await ProxyRig.StartAsync(engine: "postgres");
        SignIn(rig);
        Assert.Equal(0, (await _machine.RunAsync("proxy doctor")).ExitCode);
        await rig.Database.GoAwayAsync();
        var run = DoctorRun.Of(await _machine.RunAsync("proxy doctor --json")).AssertOnly(
            "warn", "ready", "Ready in part: the database is unavailable");
        Assert.Contains("TRACEVAULT_DATABASE", run["ready"].Remedy);
        Assert.Equal("The server can't reach its database.", run["session"].Detail);
        Assert.Equal("ok", run["models"].Result);
        await rig.Database.ComeBackAsync();
    }

    [Theory, InlineData("https://api.anthropic.com"), InlineData("https://API.Anthropic.com./")]
    public async Task A_token_of_tracevaults_is_not_sent_to_anthropic(string url)
    {
        _machine.Variables["ANTHROPIC_AUTH_TOKEN"] = CliMachine.Token;
        var run = await _machine.RunAsync("proxy doctor --url " + url);
        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.Contains("messages.batches.results()", run.Error);
    }

    [Fact]
    public async Task Another_gateway_is_asked_for_the_same_but_what_tracevault_alone_has()
    {
        await using var rig = await ProxyRig.StartAsync();
        (_machine.Variables["ANTHROPIC_AUTH_TOKEN"], _machine.Variables["ANTHROPIC_BASE_URL"]) =
            (rig.Token, rig.Server.ProxyUrl.AbsoluteUri + "/");
        var run = DoctorRun.Of(await _machine.RunAsync($"proxy doctor --url {rig.Server.ProxyUrl}/ --json"));
        Assert.Equal(Checks, run.Lines.Select(line => line.Check));
        Assert.All(
            run.Lines,
            line => Assert.Equal(line.Check is "ready" or "session" or "anthropic-key" or "stream" ? "skip" : "ok", line.Result));
        Assert.Equal("TraceVault only.", run["session"].Detail);
    }

    [Fact]
    public async Task Without_a_credential_for_it_another_gateway_is_asked_what_needs_none()
    {
        await using var rig = await ProxyRig.StartAsync();
        SignIn(rig); // which is for that server alone, not for --url
        var run = DoctorRun.Of(await _machine.RunAsync($"proxy doctor --url {rig.Server.ProxyUrl} --json")).AssertOnly(
            "warn", "credentials", "None for this gateway.");
        Assert.All(["conflicting-tokens", "body-limit", "models", "response-headers"], check => Assert.Equal("skip", run[check].Result));
        Assert.Empty(rig.Upstream.Requests);
    }

    [Fact]
    public async Task An_api_without_a_gateways_manners_is_told_apart()
    {
        await using var fake = await TraceVault.FakeAnthropic.FakeAnthropicServer.StartAsync(cancel: Patience.Cancel);
        var run = DoctorRun.Of(await _machine.RunAsync($"proxy doctor --url {fake.Url} --json"));
        Assert.Equal((1, "ok", "ok"), (run.ExitCode, run["probe-base"].Result, run["missing-token"].Result));
        Assert.Equal(("fail", "warn"), (run["invalid-token"].Result, run["bad-paths"].Result)); // it takes any key
    }

    [Fact]
    public async Task TraceVault_without_its_path_is_told_the_path()
    {
        await using var rig = await ProxyRig.StartAsync();
        _machine.Variables["ANTHROPIC_API_KEY"] = "x"; // too short to be a secret: not cut out of words
        var run = DoctorRun.Of(await _machine.RunAsync($"proxy doctor --url {rig.Server.Url} --json"));
        Assert.Equal(("fail", "This is TraceVault, whose base URL has a path."), (run["reachable"].Result, run["reachable"].Detail));
        Assert.Equal($"Use --url {rig.Server.ProxyUrl}.", run["reachable"].Remedy);
        Assert.All(
            run.Lines.Where(line => !line.Check.StartsWith("env-") && line.Check is not ("reachable" or "credentials")),
            line => Assert.Equal("skip", line.Result));
    }

    private void SignIn(ProxyRig rig, string? token = null) =>
        (_machine.Variables["TRACEVAULT_SERVER_URL"], _machine.Variables["TRACEVAULT_TOKEN"]) =
            (rig.Server.Url.AbsoluteUri, token ?? rig.Token);
}
