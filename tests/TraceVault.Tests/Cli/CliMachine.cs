using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Cli;

namespace TraceVault.Tests.Cli;

/// <summary>What a command left behind: everything it printed, and its exit code.</summary>
public sealed record Transcript(int ExitCode, string Out, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;
}

/// <summary>A machine with its own configuration folder, environment and clock, on which the command line runs.</summary>
public sealed class CliMachine : IDisposable
{
    public const string Token = "tvs_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";

    public string Folder { get; } = Directory.CreateTempSubdirectory("tracevault-cli-").FullName;

    public string CredentialsPath => Path.Combine(Folder, "tracevault", "credentials.json");

    public Dictionary<string, string> Variables { get; } = [];

    public FakeTimeProvider Clock { get; init; } = new(DateTimeOffset.Parse("2026-11-20T10:00:00Z"));

    /// <summary>Null: a machine without a browser.</summary>
    public Action<Uri>? OpenBrowser { get; set; }

    public CliMachine() => Variables["TRACEVAULT_CONFIG_DIR"] = Folder;

    /// <summary>As after a login.</summary>
    public CliMachine SignedIn(string server = "https://vault.example.com", string expiresAt = "2026-12-20T10:00:00Z")
    {
        Directory.CreateDirectory(Path.GetDirectoryName(CredentialsPath)!);
        File.WriteAllText(
            CredentialsPath,
            $$"""{"server_url":"{{server}}","token":"{{Token}}","email":"ada@example.com","expires_at":"{{expiresAt}}"}""");
        File.SetLastWriteTimeUtc(CredentialsPath, Clock.GetUtcNow().UtcDateTime);
        return this;
    }

    /// <param name="line">The arguments, separated by spaces.</param>
    public Task<Transcript> RunAsync(string line) => RunAsync(line, keys: null, input: "");

    public Task<Transcript> PipeAsync(string line, string input) => RunAsync(line, keys: null, input);

    /// <param name="line">As for <see cref="RunAsync(string)"/>.</param>
    /// <param name="typed">What a person types at the terminal; see <see cref="TypedKeys"/>.</param>
    /// <param name="pasted">Whether it arrives all at once.</param>
    public Task<Transcript> TypeAsync(string line, string typed, bool pasted = false) =>
        RunAsync(line, new TypedKeys(typed, pasted), input: "");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private async Task<Transcript> RunAsync(string line, KeyReader? keys, string input)
    {
        using StringWriter output = new(), error = new();
        var exitCode = await TraceVaultCommand.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), new CliConsole
        {
            Out = new(output),
            Error = new(error),
            In = new(() => new StringReader(input)),
            Keys = keys,
            Variable = name => Variables.GetValueOrDefault(name),
            Clock = Clock,
            OpenBrowser = OpenBrowser,
        });
        return new(exitCode, output.ToString(), error.ToString());
    }
}
