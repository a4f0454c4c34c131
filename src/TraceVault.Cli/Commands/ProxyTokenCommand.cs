using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary>
/// <c>proxy token</c>: the token alone. Claude Code's <c>apiKeyHelper</c> calls it often, and again when the token was refused.
/// </summary>
internal static class ProxyTokenCommand
{
    public static Command Create(CliConsole console)
    {
        var command = new ExampleCommand(
            "token",
            "Print the token alone, as Claude Code's apiKeyHelper wants it.",
            // The token is not in curl's arguments, which process lists show; printf is a part of the shell.
            "printf 'x-api-key: %s' \"$(tracevault proxy token)\" | curl -H @- https://tracevault.example.com/proxy/anthropic/v1/models");
        command.SetAction(async (parse, cancel) =>
        {
            var credentials = await Credentials.RequireLiveAsync(console, SharedOptions.AllowsHttp(parse), cancel);
            console.Out.WriteLine(credentials.Token.Reveal());
            return ExitCodes.Done;
        });
        return command;
    }
}
