using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TraceVault.Cli;

/// <summary>Runs a command in this program's place, with a changed environment.</summary>
internal static partial class ChildProcess
{
    // <errno.h> and <signal.h>; the same numbers on Linux and macOS.
    private const int NoSuchFile = 2, BrokenPipe = 13;

    /// <param name="command">The program, looked up in PATH, and its arguments.</param>
    /// <param name="environment">Variables to set; null removes one.</param>
    /// <returns>The command's exit code on Windows; elsewhere it does not return when the command starts.</returns>
    /// <exception cref="CommandFailure">The command can't be started: exit code 127 when it was not found, otherwise 126.</exception>
    public static int Become(IReadOnlyList<string> command, IReadOnlyDictionary<string, string?> environment) =>
        OperatingSystem.IsWindows() ? Run(command, environment) : Replace(command, environment);

    /// <remarks>
    /// The process becomes the command: the terminal, its signals, the exit code and the streams are the command's own, and nothing of this
    /// program stays in memory. Signal handlers go back to their defaults by themselves, but the runtime ignores SIGPIPE, which the command
    /// would inherit.
    /// </remarks>
    private static int Replace(IReadOnlyList<string> command, IReadOnlyDictionary<string, string?> environment)
    {
        foreach (var (name, value) in environment)
        {
            _ = value is null ? UnsetVariable(name) : SetVariable(name, value, 1);
        }

        SetHandler(BrokenPipe, 0);
        ExecuteFromPath(command[0], [.. command, null]);
        throw Marshal.GetLastPInvokeError() == NoSuchFile
            ? NotFound(command[0])
            : NotExecutable(command[0], Marshal.GetLastPInvokeErrorMessage());
    }

    private static int Run(IReadOnlyList<string> command, IReadOnlyDictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1));
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        // The console sends Ctrl-C to both; the command decides what it means.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        try
        {
            using var process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception failed)
        {
            throw failed.NativeErrorCode == NoSuchFile ? NotFound(command[0]) : NotExecutable(command[0], failed.Message);
        }
    }

    private static CommandFailure NotFound(string name) =>
        CommandFailure.CannotRun(ExitCodes.NotFound, $"The command {name} was not found. Check its name, or give its full path.");

    private static CommandFailure NotExecutable(string name, string reason) =>
        CommandFailure.CannotRun(ExitCodes.NotExecutable, $"The command {name} can't be run: {reason}.");

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ExecuteFromPath(string file, string?[] arguments);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnsetVariable(string name);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);
}
