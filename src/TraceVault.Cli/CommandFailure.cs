namespace TraceVault.Cli;

/// <summary>Ends a command with a sentence for the person and an exit code for the shell. The text never holds a secret.</summary>
internal sealed class CommandFailure : Exception
{
    private CommandFailure(int exitCode, string code, string message) : base(message) => (ExitCode, Code) = (exitCode, code);

    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; }

    /// <summary>A stable word for programs, shown with <c>--json</c>.</summary>
    public string Code { get; }

    public static CommandFailure Failed(string code, string message) => new(ExitCodes.Failed, code, message);

    public static CommandFailure Usage(string message) => new(ExitCodes.WrongUsage, "usage", message);

    public static CommandFailure NotSignedIn(string message) => new(ExitCodes.NotSignedIn, "not_signed_in", message);

    public static CommandFailure CannotRun(int exitCode, string message) => new(exitCode, "cannot_run", message);

    /// <summary>Writes the sentence to standard error, or one JSON object to standard output, in place of the answer.</summary>
    /// <returns>The exit code.</returns>
    public int Write(CliConsole console, bool json)
    {
        if (json)
        {
            console.Out.WriteJson(new ErrorAnswer(new(Code, Message)), CliJson.Printed.ErrorAnswer);
            return ExitCode;
        }

        foreach (var line in Message.Split('\n'))
        {
            console.Error.WriteLine(console.Error.Style.Red(line));
        }

        return ExitCode;
    }
}
