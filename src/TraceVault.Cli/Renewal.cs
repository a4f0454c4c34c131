namespace TraceVault.Cli;

/// <summary>Asks the server whether a session is still valid: each use moves its end, and the server may have ended it early.</summary>
internal static class Renewal
{
    /// <summary>
    /// How long the server may take, as a client waits for the token; the shorter limit holds while the token is good as far as this
    /// machine knows.
    /// </summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3), ShortLimit = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// How long the server's last confirmation is trusted: for the length of a burst of calls. Claude Code asks for the token again when it
    /// was refused, less and less often, and is silent for most of a minute when it is given the same token twice; the server answers in
    /// milliseconds.
    /// </summary>
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(2);

    /// <summary>Asks once, unless the server has only just confirmed the session, and stores the answer.</summary>
    /// <exception cref="CommandFailure">
    /// Not signed in when the server says that the session has ended; failed when its end has passed and the server could not be asked.
    /// </exception>
    public static async Task<Credentials> RequireAsync(
        CliConsole console, Credentials credentials, CredentialsFile file, CancellationToken cancel)
    {
        var passed = credentials.ExpiresAt is { } known && known <= console.Clock.GetUtcNow() ? credentials.ExpiresAt : null;
        if (passed is null && file.Age() < Trust)
        {
            return credentials;
        }

        try
        {
            var end = await AskAsync(console, credentials, passed is null ? ShortLimit : Limit, cancel);
            await file.ConfirmAsync(credentials, end);
            return credentials with { ExpiresAt = end };
        }
        catch (CommandFailure ended) when (ended.ExitCode == ExitCodes.NotSignedIn)
        {
            throw CommandFailure.NotSignedIn(
                $"Your sign-in at {credentials.ServerUrl} {(passed is { } end ? $"ended on {Text.Time(end)}" : "was ended")}. "
                + $"Run: tracevault login --server {credentials.ServerUrl}");
        }
        catch (CommandFailure) when (passed is null)
        {
            // The proxy still serves a token that it knows while its database is unavailable; otherwise it says itself what is wrong.
            return credentials;
        }
        catch (CommandFailure failed)
        {
            // Not the exit code for "not signed in": it asks people and scripts to sign in again, which would not help.
            throw CommandFailure.Failed(failed.Code, $"Could not check whether your sign-in is still valid: {failed.Message}");
        }
    }

    private static async Task<DateTimeOffset> AskAsync(
        CliConsole console, Credentials credentials, TimeSpan limit, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(limit, console.Clock);
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
