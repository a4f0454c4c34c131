using System.CommandLine;

namespace TraceVault.Cli;

/// <summary>Answers a command line that could not be parsed: what is wrong, the nearest command or option, where the help is.</summary>
internal static class UsageErrors
{
    public static int Write(ParseResult parse, IReadOnlyList<string> args, CliConsole console)
    {
        var json = AsksForJson(args);
        var name = NameOf(parse.CommandResult.Command);
        // The parser's own text repeats what it does not know, which may be a key or a password in the wrong place.
        var sentences = parse.UnmatchedTokens.Count > 0 ? NotTaken(parse, name) : parse.Errors.Select(error => error.Message);
        var exitCode = CommandFailure.Usage(string.Join(json ? ' ' : '\n', sentences)).Write(console, json);
        if (!json)
        {
            console.Error.WriteLine($"Run '{name} --help' to see what it takes.");
        }

        return exitCode;
    }

    /// <summary>
    /// Searches the raw arguments, because the answer is needed when they can't be parsed; what follows <c>--</c> belongs to another
    /// program.
    /// </summary>
    public static bool AsksForJson(IEnumerable<string> args) => args.TakeWhile(arg => arg != "--").Contains("--json");

    private static IEnumerable<string> NotTaken(ParseResult parse, string name)
    {
        yield return $"There is an argument that '{name}' does not take. "
            + "It is not repeated here, as it could be a secret; secrets are asked for, or read from standard input or a file.";
        var command = parse.CommandResult.Command;
        string[] known = [.. command.Subcommands.Select(sub => sub.Name), .. command.Options.Select(option => option.Name)];
        string[] near = [.. parse.UnmatchedTokens.SelectMany(typed => Nearest.Of(typed, known)).Distinct()];
        if (near.Length > 0)
        {
            yield return $"Did you mean {string.Join(" or ", near)}?";
        }
    }

    private static string NameOf(Command command) =>
        command is RootCommand ? "tracevault"
        : command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{NameOf(parent)} {command.Name}"
        : command.Name;
}
