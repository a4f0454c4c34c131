namespace TraceVault.Storage;

/// <summary>Logs once that the database is away and once that it is back, whoever noticed it.</summary>
internal sealed partial class Outage(Database database, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<Outage> log)
{
    /// <summary>The time between two checks whether the database is back.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The database is back when it answers and nobody has met a failure for this long: with a full disk it still answers reads.
    /// </summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    private int _isOn;
    private long _lastFailure;

    /// <summary>
    /// For the filter of a catch: whether the operation failed because the database is away, and not because the statement is wrong.
    /// </summary>
    public bool Caused(Exception problem)
    {
        if (!Database.IsUnavailable(problem))
        {
            return false;
        }

        Volatile.Write(ref _lastFailure, clock.GetTimestamp());
        if (Interlocked.Exchange(ref _isOn, 1) == 0)
        {
            LogBegins(problem.GetBaseException().Message);
            _ = WatchAsync(clock.GetTimestamp());
        }

        return true;
    }

    private async Task WatchAsync(long since)
    {
        try
        {
            do
            {
                await Task.Delay(Interval, clock, lifetime.ApplicationStopping);
            }
            while (!await AnswersAsync() || clock.GetElapsedTime(Volatile.Read(ref _lastFailure)) < Quiet);
        }
        catch (Exception problem) when (problem is OperationCanceledException or ObjectDisposedException)
        {
            return; // the server ends
        }

        Volatile.Write(ref _isOn, 0);
        LogEnds(clock.GetElapsedTime(since));
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await database.ProbeAsync(lifetime.ApplicationStopping);
            return true;
        }
        catch (Exception problem) when (problem is not (OperationCanceledException or ObjectDisposedException))
        {
            return false;
        }
    }

    [LoggerMessage(
        LogLevel.Error,
        "The database is unavailable: {Reason} Sessions in use are still served for the time set by TRACEVAULT_PROXY__OUTAGEGRACE. "
        + "The log will say when the database is back.")]
    private partial void LogBegins(string reason);

    [LoggerMessage(LogLevel.Information, "The database is available again, after {Time}.")]
    private partial void LogEnds(TimeSpan time);
}
