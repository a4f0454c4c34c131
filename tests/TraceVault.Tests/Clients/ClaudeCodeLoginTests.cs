using TraceVault.FakeAnthropic;
using TraceVault.Tests.Devices;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Clients;

/// <summary>Claude Code's own <c>/login</c>, in a terminal, pointed at the proxy.</summary>
public sealed class ClaudeCodeLoginTests
{
    private const int Limit = 300_000; // milliseconds

    [Fact(Timeout = Limit)]
    public async Task Claude_Code_signs_in_works_and_is_refused_once_when_its_session_was_ended()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It takes script of util-linux.");
        var cancel = TestContext.Current.CancellationToken;
        await using var rig = await ProxyRig.StartAsync(new() { ApiKey = TestServer.AnthropicKey, Script = new WriteFileScript() });
        using var person = new PageVisitor(rig.Server).SignedIn(rig.Token);
        using var claude = new ClaudeCode(rig.Server.ProxyUrl);

        await claude.LogInAsync(rig.Server.ProxyUrl, code => person.DecideAsync(code, "approve"), cancel);
        var worked = await ClientCalls.AskClaudeCodeAsync(claude, cancel);
        var sessions = await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/sessions", rig.Token);
        var session = sessions.EnumerateArray().Single(each => !each.GetProperty("current").GetBoolean());
        using var ended = await rig.Server.ApiAsync(
            HttpMethod.Delete, $"/api/v1/me/sessions/{session.GetProperty("id").GetString()}", rig.Token);
        var refused = await ClientCalls.AskClaudeCodeAsync(claude, cancel);

        Assert.True(worked.ExitCode == 0, worked.ToString());
        Assert.StartsWith("claude-code/", session.GetProperty("client").GetString());
        Assert.True(refused.ExitCode == 1, refused.ToString());
        Assert.Contains(ClientCalls.InvalidToken, refused.Output);
        KeySwap.AssertDone(rig.Upstream.Requests);
        await rig.Server.StopAsync();
        Assert.Single(
            rig.Server.Log.Lines, line => line.Contains("POST /proxy/anthropic/v1/messages invalid_token", StringComparison.Ordinal));
    }
}
