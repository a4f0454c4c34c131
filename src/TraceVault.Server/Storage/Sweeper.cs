namespace TraceVault.Storage;

/// <summary>Deletes expired rows: a minute after the start, then once an hour.</summary>
internal sealed partial class Sweeper(IEnumerable<IExpiring> tables, Outage outage, TimeProvider clock, ILogger<Sweeper> log)
    : BackgroundService
{
    private static readonly TimeSpan First = TimeSpan.FromMinutes(1), Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(First, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await SweepAsync(stoppingToken);
            timer.Period = Interval;
        }
    }

    internal async Task SweepAsync(CancellationToken cancel)
    {
        foreach (var table in tables)
        {
            try
            {
                await table.ForgetExpiredAsync(cancel);
            }
            catch (Exception problem) when (outage.Caused(problem) || problem is OperationCanceledException)
            {
                LogPostponed(problem.GetBaseException().Message);
            }
            catch (Exception problem)
            {
                LogMistake(problem); // and no more: an exception that escapes would stop the whole server
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "Expired rows stay for another hour: {Reason}")]
    private partial void LogPostponed(string reason);

    [LoggerMessage(LogLevel.Error, "Expired rows could not be deleted.")]
    private partial void LogMistake(Exception problem);
}
