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
        var asApiKey = new Option<bool>("--api-key")
        {
            Description = $"Set {Shells.ApiKey} to your token as well, for tools that read nothing else. "
                + "For pi and gsd it is set without this option.",
        };
        var quiet = new Option<bool>("--quiet") { Description = "Do not say that the server records everything, where it does." };
        var command = new ExampleCommand(
            "run",
            "Run a command whose Anthropic clients use the proxy. Its exit code is passed on.",
            "tracevault proxy run -- claude",
            "tracevault proxy run -- node app.js --verbose",
            "tracevault proxy run --api-key -- some-other-agent")
        {
            asApiKey, quiet, words,
        };
        // Not an asynchronous action: the parser ends those two seconds after Ctrl-C, which on Windows belongs to the command.
        command.SetAction(parse =>
        {
            var credentials = Credentials.RequireLiveAsync(console, SharedOptions.AllowsHttp(parse), CancellationToken.None)
                .GetAwaiter().GetResult();
            var run = parse.GetValue(words)!;
            var missing = PiSettings.Missing(run[0], credentials.Server, console.Variable);
            if (missing is not null)
            {
                console.Error.WriteLine(missing);
            }

            if (!parse.GetValue(quiet) && Recording.WarningAsync(console, credentials).GetAwaiter().GetResult() is { } recorded)
            {
                console.Error.WriteLine(recorded);
            }

            var wantsKey = parse.GetValue(asApiKey) || (missing is null && ClientEnvironment.WantsApiKey(run[0]));
            return ChildProcess.Become(run, ClientEnvironment.Of(credentials, wantsKey, console.Variable));
        });
        return command;
    }
}
