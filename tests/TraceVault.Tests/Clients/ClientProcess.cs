using System.Diagnostics;

namespace TraceVault.Tests.Clients;

/// <summary>What a client program left behind.</summary>
public sealed record ClientRun(int ExitCode, string Output, string Errors, TimeSpan Duration)
{
    /// <summary>For a failed assertion's message.</summary>
    public override string ToString() => $"exit code {ExitCode} after {Duration}\n{Output}\n{Errors}";
}

/// <summary>Runs a client program with exactly the environment given and no way off this machine.</summary>
internal static class ClientProcess
{
    /// <summary>Where the .NET runtime lies when it is not in the system's place: our own programs need it.</summary>
    private static readonly IEnumerable<KeyValuePair<string, string>> Runtime =
        from System.Collections.DictionaryEntry entry in System.Environment.GetEnvironmentVariables()
        let name = (string)entry.Key
        where name.StartsWith("DOTNET_ROOT", StringComparison.Ordinal)
        select KeyValuePair.Create(name, entry.Value as string ?? "");

    public static string Path => System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";

    /// <param name="arguments">The program first.</param>
    /// <param name="cancel">Ends the program and what it started, by process id.</param>
    /// <param name="input">The whole of standard input.</param>
    public static async Task<ClientRun> RunAsync(
        IReadOnlyList<string> arguments,
        string workingDirectory,
        IReadOnlyDictionary<string, string> environment,
        CancellationToken cancel,
        string input = "")
    {
        var start = new ProcessStartInfo(arguments[0], arguments.Skip(1))
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        SetEnvironment(start, environment);

        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new ClientRun(process.ExitCode, await output, await errors, Stopwatch.GetElapsedTime(began));
    }

    /// <summary>Replaces what would be inherited.</summary>
    public static void SetEnvironment(ProcessStartInfo start, IReadOnlyDictionary<string, string> environment)
    {
        start.Environment.Clear();
        foreach (var (name, value) in environment.Concat(Runtime))
        {
            start.Environment[name] = value;
        }
    }

    /// <summary>The variables every client gets.</summary>
    public static Dictionary<string, string> Environment(Uri baseUrl, string home)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = Path,
            ["HOME"] = home,
            ["TMPDIR"] = home,
            ["ANTHROPIC_BASE_URL"] = baseUrl.AbsoluteUri.TrimEnd('/'),
        };
        if (baseUrl.IsLoopback)
        {
            // Port 9 on loopback refuses: whatever a client would fetch from elsewhere fails at once.
            environment["HTTP_PROXY"] = environment["HTTPS_PROXY"] = "http://127.0.0.1:9";
            environment["NO_PROXY"] = "127.0.0.1,localhost";
        }

        return environment;
    }
}
