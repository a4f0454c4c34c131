using System.Diagnostics;

namespace TraceVault.Tests;

/// <summary>Signals to processes that a test started.</summary>
internal static class Signals
{
    /// <summary>
    /// Asks a process to end, as an operator does. By the shell's own kill: a minimal Debian has no program of that name.
    /// </summary>
    public static Task TerminateAsync(int processId, CancellationToken cancel) => SendAsync("TERM", processId, cancel);

    /// <summary>As Ctrl-C does.</summary>
    public static Task InterruptAsync(int processId, CancellationToken cancel) => SendAsync("INT", processId, cancel);

    private static async Task SendAsync(string signal, int processId, CancellationToken cancel)
    {
        using var shell = Process.Start("sh", ["-c", "kill -\"$1\" \"$2\"", "sh", signal, $"{processId}"]);
        await shell.WaitForExitAsync(cancel);
        Assert.Equal(0, shell.ExitCode);
    }
}
