using System.Text.Json;
using TraceVault.Tests.Clients;

namespace TraceVault.Tests.Cli;

/// <summary>
/// The built command line points an unmodified client at the real server, which reaches the upstream with the stored key.
/// </summary>
public sealed class ProxiedCommandTests : IAsyncLifetime
{
    private const int Limit = 60_000; // milliseconds

    private readonly CliProcess _machine = new();
    private readonly string _script = ClientPackages.Locate("sdk.mjs");
    private ClientTarget _target = null!;

    public ProxiedCommandTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are those of a POSIX system.");

    public async ValueTask InitializeAsync()
    {
        _target = await ClientTarget.StartAsync();
        await _machine.LogInAsync(_target.ServerUrl, TestContext.Current.CancellationToken);
        _machine.Environment["ANTHROPIC_API_KEY"] = "sk-ant-left-over-and-refused";
    }

    public async ValueTask DisposeAsync()
    {
        _machine.Dispose();
        await _target.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Proxy_run_starts_a_client_that_goes_through_the_proxy()
    {
        var output = await _machine.OutputAsync("", TestContext.Current.CancellationToken, "proxy", "run", "--", "node", _script, "create");
        AssertAnswered(output);
    }

    [Fact(Timeout = Limit)]
    public async Task Proxy_env_makes_a_shells_clients_go_through_the_proxy()
    {
        string[] shell = ["sh", "-c", """eval "$("$1" proxy env)" && exec node "$2" create""", "sh", CliProcess.Executable, _script];
        var run = await ClientProcess.RunAsync(shell, _machine.ConfigFolder, _machine.Environment, TestContext.Current.CancellationToken);
        Assert.True(run.ExitCode == 0, run.ToString());
        AssertAnswered(run.Output);
    }

    [Fact(Timeout = Limit)]
    public async Task Proxy_run_starts_nothing_for_somebody_who_signed_out()
    {
        await _machine.OutputAsync("", TestContext.Current.CancellationToken, "logout");
        var run = await _machine.RunAsync("", TestContext.Current.CancellationToken, "proxy", "run", "--", "node", _script, "create");
        Assert.Equal((3, "", "You are not signed in. Run: tracevault login --server URL\n"), (run.ExitCode, run.Output, run.Errors));
        Assert.Empty(_target.Requests);
    }

    private void AssertAnswered(string output)
    {
        Assert.StartsWith("msg_", JsonElement.Parse(output).GetProperty("id").GetString());
        KeySwap.AssertDone([Assert.Single(_target.Requests)]);
    }
}
