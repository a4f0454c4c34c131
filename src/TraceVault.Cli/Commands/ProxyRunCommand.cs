using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>proxy run</c>: a command with the environment of <c>proxy env</c>.</summary>
internal static class ProxyRunCommand
{
    public static Command Create(CliConsole console)
    {
        var words = new Argument<string[]>("COMMAND")
        {
            Description = "The command and its arguments, after --.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new ExampleCommand(
            "run",
            "Run a command whose Anthropic clients use the proxy. Its exit code is passed on.",
            "tracevault proxy run -- claude",
            "tracevault proxy run -- node app.js --verbose")
        {
            words,
        };
        // Not an asynchronous action: the parser ends one two seconds after Ctrl-C, which on Windows belongs to the command.
        command.SetAction(parse =>
        {
            var credentials = Credentials.RequireLiveAsync(console, SharedOptions.AllowsHttp(parse), CancellationToken.None).GetAwaiter().GetResult();
            return ChildProcess.Become(parse.GetValue(words)!, ClientEnvironment.Of(credentials, console.Variable));
        });
        return command;
    }
}
