using System.Diagnostics;

namespace TraceVault.Tests;

/// <summary>Signals to processes that a test started.</summary>
internal static class Signals
{
    /// <summary>Asks a process to end, as an operator does. By the shell's own kill: a minimal Debian has no program of that name.</summary>
    public static async Task TerminateAsync(int processId, CancellationToken cancel)
    {
        using var shell = Process.Start("sh", ["-c", "kill -TERM \"$1\"", "sh", $"{processId}"]);
        await shell.WaitForExitAsync(cancel);
        Assert.Equal(0, shell.ExitCode);
    }
}
