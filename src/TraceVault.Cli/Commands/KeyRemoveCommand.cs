using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>key remove</c>: makes the server forget the caller's key.</summary>
internal static class KeyRemoveCommand
{
    public static Command Create(CliConsole console)
    {
        var command = new ExampleCommand(
            "remove",
            "Delete your Anthropic key from the server. The proxy refuses your requests from then on.",
            "tracevault key remove");
        command.SetAction(async (parse, cancel) =>
        {
            var credentials = Credentials.Require(console, SharedOptions.AllowsHttp(parse));
            using var api = new ApiClient(credentials.Server, credentials.Token);
            await api.RemoveKeyAsync(cancel);
            console.Out.WriteLine("No Anthropic key is stored any more.");
            return ExitCodes.Done;
        });
        return command;
    }
}
