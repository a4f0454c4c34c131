using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace TraceVault.Cli;

/// <summary>A command whose help ends with lines to copy.</summary>
internal sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}

/// <summary>The usual help, then the examples of the command that was asked about.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private static readonly string[] FirstSteps =
    [
        "tracevault login --server https://tracevault.example.com --email ada@example.com",
        "tracevault key set",
        "tracevault proxy run -- claude",
    ];

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        new HelpAction().Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in parseResult.CommandResult.Command is ExampleCommand command ? command.Examples : FirstSteps)
        {
            output.WriteLine("  " + example);
        }

        output.WriteLine();
        return ExitCodes.Done;
    }

    /// <summary>Shows the help of a group that was named without one of its commands, which is wrong usage.</summary>
    public static int ShowForGroup(ParseResult parse)
    {
        new HelpWithExamples().Invoke(parse);
        return ExitCodes.WrongUsage;
    }
}
