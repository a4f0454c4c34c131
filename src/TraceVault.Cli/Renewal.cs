namespace TraceVault.Cli;

/// <summary>Asks the server whether a session lives on whose end, as far as this machine knows, has passed: each use moves it there.</summary>
internal static class Renewal
{
    /// <summary>A client waits for the token meanwhile.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>Asks once, and stores the new end.</summary>
    /// <returns>Null when the session has ended or the server could not be asked.</returns>
    public static async Task<Credentials?> TryAsync(CliConsole console, Credentials credentials, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(Limit, console.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            using var api = new ApiClient(credentials.Server, credentials.Token);
            var end = (await api.MeAsync(either.Token)).Session.ExpiresAt;
            CredentialsFile.Find(console)?.MoveEnd(credentials, end);
            return credentials with { ExpiresAt = end };
        }
        catch (CommandFailure)
        {
            return null;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }
}
