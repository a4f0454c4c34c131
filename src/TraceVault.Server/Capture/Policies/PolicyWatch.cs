using TraceVault.Storage;

namespace TraceVault.Capture.Policies;

/// <summary>Looks twice a second whether another server has changed the policy or a choice. Each look reads one number.</summary>
internal sealed partial class PolicyWatch(CapturePolicies policies, Outage outage, TimeProvider clock, ILogger<PolicyWatch> log)
    : BackgroundService
{
    /// <summary>A change has to be in force within a second everywhere.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>After a mistake of ours, which would otherwise fill the log.</summary>
    private static readonly TimeSpan LongInterval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var due = new SemaphoreSlim(0);
        // Set anew after each look instead of recurring: when the machine wakes up after hours, it looks once.
        await using var timer = clock.CreateTimer(_ => due.Release(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        for (var wait = Interval; ; wait = await LookAsync(stoppingToken) ? Interval : LongInterval)
        {
            timer.Change(wait, Timeout.InfiniteTimeSpan);
            await due.WaitAsync(stoppingToken);
        }
    }

    /// <returns>False after a mistake.</returns>
    private async Task<bool> LookAsync(CancellationToken cancel)
    {
        try
        {
            await policies.RenewIfChangedAsync(cancel);
        }
        catch (Exception problem) when (outage.Caused(problem) || problem is OperationCanceledException)
        {
            // The outage is logged once for all. The next look tries again.
        }
        catch (Exception problem)
        {
            LogMistake(problem); // and no more: an exception that escapes would stop the whole server
            return false;
        }

        return true;
    }

    [LoggerMessage(LogLevel.Error, "The recording policy could not be read. What was read before stays in force.")]
    private partial void LogMistake(Exception problem);
}
