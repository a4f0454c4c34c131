using TraceVault.Tests.Cli;

namespace TraceVault.Tests.Clients;

/// <summary>The unmodified Claude Code, whose <c>apiKeyHelper</c> is ours, after its user was signed out elsewhere.</summary>
public sealed class EndedSessionTests
{
    [Fact(Timeout = 120_000)]
    public async Task Claude_Code_gives_up_within_seconds()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var target = await ClientTarget.StartAsync();
        using var machine = new CliProcess();
        await machine.LogInAsync(target.ServerUrl, cancel);
        using var claude = new ClaudeCode(target.BaseUrl);
        claude.Environment[CliProcess.ConfigVariable] = machine.ConfigFolder;
        claude.Settings["apiKeyHelper"] = $"'{CliProcess.Executable}' proxy token";
        await target.EndSessionsAsync();

        var run = await ClientCalls.AskClaudeCodeAsync(claude, cancel);

        Assert.True(run.ExitCode != 0, run.ToString());
        Assert.True(run.Duration < TimeSpan.FromSeconds(30), run.ToString());
        Assert.Empty(target.Requests);
    }
}
