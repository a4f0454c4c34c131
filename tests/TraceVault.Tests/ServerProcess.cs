using System.Diagnostics;

namespace TraceVault.Tests;

/// <summary>
/// The built server, or the one that <c>TEST_SERVER</c> names, as a process of its own, with exactly the environment given.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    /// <summary>The file that is tested: the built one, or the one that <c>TEST_SERVER</c> names.</summary>
    public static readonly string Built = Environment.GetEnvironmentVariable("TEST_SERVER") is { Length: > 0 } named
        ? named
        : Path.Combine(AppContext.BaseDirectory, "tracevault-server");

    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly List<(string Text, TaskCompletionSource<string> Source)> _awaited = [];

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <summary>Everything written to standard output and standard error so far.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary>Starts on a free port unless the environment says otherwise.</summary>
    public static ServerProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Start(Built, environment, arguments);

    /// <summary>Has a shell start it, where it is <c>$0</c>.</summary>
    public static ServerProcess StartByShell(string script, IReadOnlyDictionary<string, string> environment) =>
        Start("sh", environment, ["-c", script, Built]);

    private static ServerProcess Start(string file, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Where(
            name => name.StartsWith("TRACEVAULT_", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["TRACEVAULT_URLS"] = "http://127.0.0.1:0";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ServerProcess(Process.Start(start)!);
    }

    /// <summary>Starts another server than the built one in a folder of its own, which is all that its environment names.</summary>
    /// <param name="authority">A PEM file of certificates that it trusts; null for those of the machine.</param>
    public static ServerProcess StartAlone(string file, string folder, string? authority = null, params string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder
        };
        start.Environment.Clear();
        start.Environment["HOME"] = folder; // where the native part of SQLite is unpacked
        if (authority is not null)
        {
            start.Environment["SSL_CERT_FILE"] = authority;
        }

        return new ServerProcess(Process.Start(start)!);
    }

    /// <summary>Completes when the server listens.</summary>
    public async Task<Uri> UrlAsync(CancellationToken cancel) => new((await RestOfLineAsync("Now listening on: ", cancel)).Split('"')[0]);

    /// <returns>What follows the text in the first line that has it, printed already or yet to come.</returns>
    /// <exception cref="InvalidOperationException">The server ended without it.</exception>
    public Task<string> RestOfLineAsync(string text, CancellationToken cancel)
    {
        var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lines)
        {
            _awaited.Add((text, source));
            _lines.ForEach(Match);
        }

        return source.Task.WaitAsync(cancel);
    }

    /// <summary>Ends the server as an operator does, by SIGTERM.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync(CancellationToken cancel)
    {
        await Signals.TerminateAsync(_process.Id, cancel);
        return await ExitAsync(cancel);
    }

    /// <returns>The exit code, when the server has ended by itself and all it wrote is in <see cref="Output"/>.</returns>
    public async Task<int> ExitAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private void Add(string? line)
    {
        lock (_lines)
        {
            if (line is null)
            {
                _awaited.ForEach(awaited =>
                    awaited.Source.TrySetException(new InvalidOperationException($"The server ended:\n{string.Join('\n', _lines)}")));
                return;
            }

            _lines.Add(line);
            Match(line);
        }
    }

    private void Match(string line)
    {
        foreach (var (text, source) in _awaited)
        {
            if (line.IndexOf(text, StringComparison.Ordinal) is var at and >= 0)
            {
                source.TrySetResult(line[(at + text.Length)..]);
            }
        }
    }
}
