using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>status</c>: who, where, until when, whether the proxy has a key to use, and what is recorded.</summary>
internal static class StatusCommand
{
    public static Command Create(CliConsole console)
    {
        var json = SharedOptions.Json();
        var command = new ExampleCommand(
            "status",
            "Show who is signed in, where, until when, whether an Anthropic key is stored, and what is recorded.",
            "tracevault status",
            "tracevault status --json")
        {
            json,
        };
        command.SetAction((parse, cancel) => RunAsync(console, parse.GetValue(json), SharedOptions.AllowsHttp(parse), cancel));
        return command;
    }

    private static async Task<int> RunAsync(CliConsole console, bool json, bool allowHttp, CancellationToken cancel)
    {
        var credentials = Credentials.Require(console, allowHttp);
        using var api = new ApiClient(credentials.Server, credentials.Token);
        var me = await api.MeAsync(cancel);
        var key = await api.KeyAsync(cancel);
        var capture = await api.CaptureAsync(cancel);
        // The server moves the end of a session with each use; here this machine stores the new one.
        if (!credentials.FromEnvironment)
        {
            await CredentialsFile.Require(console).ConfirmAsync(credentials, me.Session.ExpiresAt);
        }

        if (json)
        {
            console.Out.WriteJson(
                new StatusAnswer(credentials.ServerUrl, me.Email, me.Name, me.Role, me.Session, key, capture),
                CliJson.Printed.StatusAnswer);
            return ExitCodes.Done;
        }

        console.Out.WriteLine($"""
            Signed in as   {console.Out.Style.Bold(me.Email)}{(me.Role is null ? "" : $" ({me.Role})")}
            Server         {credentials.ServerUrl}
            Session        until {Text.Time(me.Session.ExpiresAt)}{(credentials.FromEnvironment ? ", from TRACEVAULT_TOKEN" : "")}
            """);
        KeyStatusCommand.Describe(console.Out, key);
        if (capture is not null)
        {
            console.Out.WriteLine($"Recording      {Recording.Describe(capture)}");
        }

        return ExitCodes.Done;
    }
}
