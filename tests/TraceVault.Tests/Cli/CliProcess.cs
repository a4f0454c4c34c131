using TraceVault.Tests.Clients;

namespace TraceVault.Tests.Cli;

/// <summary>
/// The built command line as processes of their own, on a machine with its own configuration folder that is deleted with it.
/// </summary>
internal sealed class CliProcess : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tracevault-cli-");

    public CliProcess() =>
        Environment = new() { ["PATH"] = ClientProcess.Path, ["HOME"] = _folder.FullName, [ConfigVariable] = ConfigFolder };

    public const string ConfigVariable = "TRACEVAULT_CONFIG_DIR";

    public static string Executable => Path.Combine(AppContext.BaseDirectory, "tracevault");

    /// <summary>What is run: the built program, unless a test wants the published one.</summary>
    public string Program { get; init; } = Executable;

    /// <summary>The value of TRACEVAULT_CONFIG_DIR.</summary>
    public string ConfigFolder => _folder.FullName;

    /// <summary>All that the program and what it runs are given.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <param name="input">The whole of standard input.</param>
    /// <param name="cancel">Ends the program and what it started, by process id.</param>
    /// <param name="arguments">What follows <c>tracevault</c>.</param>
    public Task<ClientRun> RunAsync(string input, CancellationToken cancel, params string[] arguments) =>
        ClientProcess.RunAsync([Program, .. arguments], _folder.FullName, Environment, cancel, input);

    /// <summary>As <see cref="RunAsync"/>, and the program must succeed.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> OutputAsync(string input, CancellationToken cancel, params string[] arguments)
    {
        var run = await RunAsync(input, cancel, arguments);
        Assert.True(run.ExitCode == 0, run.ToString());
        return run.Output;
    }

    /// <summary>Signs in as the user of a <see cref="TestServer"/>.</summary>
    public Task LogInAsync(Uri server, CancellationToken cancel) =>
        OutputAsync(TestServer.Password, cancel, "login", "--server", server.AbsoluteUri, "--email", TestServer.Email, "--password-stdin");

    public void Dispose() => _folder.Delete(recursive: true);
}
