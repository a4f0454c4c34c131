using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>proxy env</c>: lines for a shell to evaluate.</summary>
internal static class ProxyEnvCommand
{
    public static Command Create(CliConsole console)
    {
        var shell = new Option<string>("--shell")
        {
            Description = "sh (bash, zsh), fish or powershell.",
            HelpName = string.Join('|', Shells.Names),
            DefaultValueFactory = _ => Shells.Default,
        };
        // Not AcceptOnlyFromAmong: its message repeats what was given.
        shell.CompletionSources.Add(Shells.Names);
        shell.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => !Shells.Names.Contains(token.Value)))
            {
                result.AddError($"--shell takes one of: {string.Join(", ", Shells.Names)}.");
            }
        });
        var command = new ExampleCommand(
            "env",
            "Print lines that point the shell's Anthropic clients at the proxy. They hold your token.",
            "eval \"$(tracevault proxy env)\"",
            "tracevault proxy env --shell fish | source",
            "tracevault proxy env --shell powershell | Out-String | Invoke-Expression")
        {
            shell,
        };
        command.SetAction(async (parse, cancel) =>
        {
            var credentials = await Credentials.RequireLiveAsync(console, SharedOptions.AllowsHttp(parse), cancel);
            var withoutProxy = ClientEnvironment.HasProxy(console.Variable)
                ? ClientEnvironment.WithoutProxy(credentials.Server, console.Variable)
                : [];
            console.Out.WriteLine(Shells.Lines(parse.GetValue(shell)!, credentials.Server.ProxyBase, credentials.Token, withoutProxy));
            return ExitCodes.Done;
        });
        return command;
    }
}
