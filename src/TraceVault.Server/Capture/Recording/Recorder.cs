using TraceVault.Capture.Parts;
using TraceVault.Capture.Spooling;
using TraceVault.Capture.Taping;
using TraceVault.Storage;

namespace TraceVault.Capture.Recording;

/// <summary>
/// Turns exchanges that are over into frames and rows, a batch at a time. Every step can be repeated: what the spool holds is released once
/// the rows are committed, and an exchange that is stored already adds nothing.
/// </summary>
internal sealed partial class Recorder(
    RecorderQueue queue,
    RecordingSteps steps,
    Spool spool,
    RunningExchanges running,
    Outage outage,
    TimeProvider clock,
    ILogger<Recorder> log) : BackgroundService
{
    /// <summary>
    /// How long the first exchange of a batch waits for others: a commit for each would cost more than the rest of the work.
    /// </summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(200);

    /// <summary>The time between two attempts while the database or the disk is away.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LastWriteTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Records what ended last: what is kept in memory alone would be lost. The spool keeps what takes longer.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var timeout = new CancellationTokenSource(LastWriteTimeout, TimeProvider.System); // real time, whatever the clock
        try
        {
            while (!running.IsEmpty) // what was read in memory is handed over a moment after its exchange ended
            {
                await queue.WaitAsync(timeout.Token);
                await RecordAsync(queue.TryTake(), timeout.Token);
            }
        }
        catch (OperationCanceledException)
        {
            LogLeft(queue.Count);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // the start does not wait for what a crash left
        foreach (var found in spool.Recovered)
        {
            queue.Add(found);
        }

        while (true)
        {
            await queue.WaitAsync(stoppingToken);
            await Task.Delay(Gather, clock, stoppingToken);
            await RecordAsync(queue.TryTake(), stoppingToken);
        }
    }

    private async Task RecordAsync(IReadOnlyList<Waiting> batch, CancellationToken cancel)
    {
        try
        {
            while (!await TryRecordAsync(batch, cancel))
            {
                await Task.Delay(Pause, clock, cancel);
            }
        }
        catch (OperationCanceledException)
        {
            queue.PutBack(batch); // wherever it was stopped: it is recorded at the stop, and what is stored already adds nothing
            throw;
        }

        foreach (var waiting in batch)
        {
            waiting.Log?.Release();
            running.Remove(waiting.Id);
        }
    }

    /// <returns>False when it has to be tried again.</returns>
    private async Task<bool> TryRecordAsync(IReadOnlyList<Waiting> batch, CancellationToken cancel)
    {
        try
        {
            await steps.RecordAsync(batch, cancel);
            return true;
        }
        catch (Exception problem) when (outage.Caused(problem) || problem is IOException or PartGoneException)
        {
            LogPostponed(batch.Count, problem.GetBaseException().Message);
            return false;
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            if (batch.Count == 1)
            {
                LogLost(batch[0].Id, problem); // and goes on: one exchange that cannot be recorded must not stop all others
                return true;
            }

            foreach (var waiting in batch)
            {
                while (!await TryRecordAsync([waiting], cancel))
                {
                    await Task.Delay(Pause, clock, cancel);
                }
            }

            return true;
        }
    }

    [LoggerMessage(LogLevel.Debug, "{Count} exchanges are not recorded yet: {Reason}")]
    private partial void LogPostponed(int count, string reason);

    [LoggerMessage(LogLevel.Error, "The exchange {Id} could not be recorded.")]
    private partial void LogLost(Guid id, Exception problem);

    [LoggerMessage(
        LogLevel.Warning,
        "{Count} exchanges were not recorded before the server stopped. Those in the spool are recorded when it starts again.")]
    private partial void LogLeft(int count);
}
