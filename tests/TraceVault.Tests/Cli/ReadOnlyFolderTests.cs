using TraceVault.Tests.Clients;

namespace TraceVault.Tests.Cli;

/// <summary>A configuration folder that can be read and not changed, as when it is mounted into a container.</summary>
public sealed class ReadOnlyFolderTests : IAsyncLifetime
{
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.UserExecute;

    private readonly CliMachine _machine = new();
    private OddServer _server = null!;

    public ReadOnlyFolderTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The modes and the capability are those of Linux.");

    public async ValueTask InitializeAsync()
    {
        _server = await OddServer.StartAsync(context => OddServer.SessionAsync(context, "2999-12-25T00:00:00Z"));
        _machine.SignedIn(_server.Url);
        File.SetUnixFileMode(Path.GetDirectoryName(_machine.CredentialsPath)!, ReadOnly);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        File.SetUnixFileMode(Path.GetDirectoryName(_machine.CredentialsPath)!, ReadOnly | UnixFileMode.UserWrite);
        _machine.Dispose();
    }

    [Fact]
    public async Task Status_prints_what_it_cannot_store()
    {
        var run = await RunAsync("status");
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains("until 2999-12-25 00:00 UTC", run.Output);
    }

    [Fact]
    public async Task Logout_says_that_it_could_not_forget()
    {
        var run = await RunAsync("logout");
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.StartsWith($"The sign-in can't be deleted from {_machine.CredentialsPath}: ", run.Errors);
        Assert.EndsWith(" Delete that file yourself.\n", run.Errors);
    }

    private Task<ClientRun> RunAsync(params string[] arguments) => ClientProcess.RunAsync(
        [.. AsMortal, CliProcess.Executable, .. arguments],
        _machine.Folder,
        new Dictionary<string, string> { ["PATH"] = ClientProcess.Path, [CliProcess.ConfigVariable] = _machine.Folder },
        TestContext.Current.CancellationToken);

    /// <summary>Root ignores modes for as long as it has this capability.</summary>
    private static string[] AsMortal =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] : [];
}
