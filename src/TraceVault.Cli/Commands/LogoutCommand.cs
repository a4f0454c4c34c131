using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>logout</c>: ends the session on the server and forgets it here.</summary>
internal static class LogoutCommand
{
    /// <remarks>The end that this machine knows is left out, because each use of the token has moved it.</remarks>
    private const string NotEnded =
        "The sign-in is forgotten on this machine, but its session on the server was not ended. "
        + "It ends by itself 30 days after its last use. To end it sooner, end it on the server's page /me/sessions.";

    public static Command Create(CliConsole console)
    {
        var command = new ExampleCommand("logout", "End the session on the server and forget it on this machine.", "tracevault logout");
        command.SetAction((parse, cancel) => RunAsync(console, SharedOptions.AllowsHttp(parse), cancel));
        return command;
    }

    private static async Task<int> RunAsync(CliConsole console, bool allowHttp, CancellationToken cancel)
    {
        var credentials = Credentials.Require(console, allowHttp);
        try
        {
            using var api = new ApiClient(credentials.Server, credentials.Token);
            await api.LogOutAsync(cancel);
        }
        catch (CommandFailure ended) when (ended.ExitCode == ExitCodes.NotSignedIn)
        {
            // Ended already, which is what was asked for.
        }
        catch (CommandFailure failed) when (!credentials.FromEnvironment)
        {
            await CredentialsFile.Require(console).ForgetAsync(credentials);
            throw CommandFailure.Failed(failed.Code, $"{failed.Message}\n{NotEnded}");
        }

        if (credentials.FromEnvironment)
        {
            console.Out.WriteLine("The session has ended. Unset TRACEVAULT_TOKEN and TRACEVAULT_SERVER_URL, which still hold it.");
            return ExitCodes.Done;
        }

        await CredentialsFile.Require(console).ForgetAsync(credentials);
        console.Out.WriteLine($"Signed out of {credentials.ServerUrl}.");
        return ExitCodes.Done;
    }
}
