namespace TraceVault.Cli;

/// <summary>What the shell gets back; part of the public contract.</summary>
internal static class ExitCodes
{
    public const int Done = 0, Failed = 1, WrongUsage = 2, NotSignedIn = 3;

    /// <summary>As in POSIX shells: found but can't be executed, not found, ended by Ctrl-C (128 + SIGINT).</summary>
    public const int NotExecutable = 126, NotFound = 127, Interrupted = 130;
}
