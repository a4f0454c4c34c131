using System.CommandLine;
using System.CommandLine.Invocation;

namespace TraceVault.Cli;

/// <summary>Answers a command line that could not be parsed: what is wrong, the nearest command, where the help is.</summary>
internal static class UsageErrors
{
    public static int Write(ParseResult parse, IReadOnlyList<string> args, CliConsole console)
    {
        if (AsksForJson(args))
            return CommandFailure.Usage(string.Join(' ', parse.Errors.Select(error => error.Message))).Write(console, json: true);
        if (parse.Action is ParseErrorAction action)
            action.ShowHelp = false;
        parse.Invoke(new InvocationConfiguration { Output = console.Error, Error = console.Error });
        console.Error.WriteLine($"Run '{NameOf(parse.CommandResult.Command)} --help' for what it takes.");
        return ExitCodes.WrongUsage;
    }

    /// <summary>Looked up in the raw arguments, because it has to be known when they can't be parsed; what follows <c>--</c> is someone else's.</summary>
    public static bool AsksForJson(IEnumerable<string> args) => args.TakeWhile(arg => arg != "--").Contains("--json");

    private static string NameOf(Command command) =>
        command is RootCommand ? "tracevault"
        : command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{NameOf(parent)} {command.Name}"
        : command.Name;
}
