namespace TraceVault.Cli;

/// <summary>Asks the server whether a session lives on whose end, as far as this machine knows, has passed: each use moves it there.</summary>
internal static class Renewal
{
    /// <summary>A client waits for the token meanwhile.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>Asks once, and stores the new end.</summary>
    /// <param name="knownEnd">The one that has passed.</param>
    /// <exception cref="CommandFailure">Not signed in when the server says that the session has ended; failed when it could not be asked.</exception>
    public static async Task<Credentials> RequireAsync(CliConsole console, Credentials credentials, DateTimeOffset knownEnd, CancellationToken cancel)
    {
        try
        {
            var end = await AskAsync(console, credentials, cancel);
            CredentialsFile.Find(console)?.MoveEnd(credentials, end);
            return credentials with { ExpiresAt = end };
        }
        catch (CommandFailure ended) when (ended.ExitCode == ExitCodes.NotSignedIn)
        {
            throw CommandFailure.NotSignedIn(
                $"Your sign-in at {credentials.ServerUrl} ended on {Text.Time(knownEnd)}. Run: tracevault login --server {credentials.ServerUrl}");
        }
        catch (CommandFailure failed)
        {
            // Signing in again would not help, which is what the exit code for it asks a person or a script to do.
            throw CommandFailure.Failed(failed.Code, $"Could not check whether your sign-in still lives: {failed.Message}");
        }
    }

    private static async Task<DateTimeOffset> AskAsync(CliConsole console, Credentials credentials, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(Limit, console.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            using var api = new ApiClient(credentials.Server, credentials.Token);
            return (await api.MeAsync(either.Token)).Session.ExpiresAt;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw ApiFailure.TimedOut(credentials.Server);
        }
    }
}
