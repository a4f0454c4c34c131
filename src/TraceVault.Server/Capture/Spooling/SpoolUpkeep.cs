namespace TraceVault.Capture.Spooling;

/// <summary>The spool's own thread: everything that may wait for the disk, except for the write of a record.</summary>
internal sealed partial class SpoolUpkeep(
    SpoolFolder folder, SpoolSegments segments, SpoolSync sync, SpoolHealth health, TimeProvider clock, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), LastWait = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Free blocks that are ready while a log is open: a request of 32 MiB may come faster than segments are made. Without one, a single
    /// segment is enough until there are more.
    /// </summary>
    private const int Ready = 4 * SpoolLayout.UsableBlocks;

    /// <summary>How long a segment stays that is not needed: it would be made again for the next wave of requests.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    private readonly object _bed = new();
    private Task? _running;
    private ITimer? _timer;
    private SpoolCondition _told;
    private bool _awake, _ticked, _stopping, _cannotGrow;
    private int _asked;
    private long? _surplusSince;

    public void Start()
    {
        Tend();
        _timer = clock.CreateTimer(_ => Tick(), null, Interval, Interval);
        _running = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Asks for more room if there is little, from any thread; costs next to nothing when it was asked for already.</summary>
    public void Ask()
    {
        if (segments.Free < Ready && segments.MayGrow && Volatile.Read(ref _asked) == 0 && Interlocked.Exchange(ref _asked, 1) == 0)
        {
            Wake();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _stopping, true);
        Wake();
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }

        if (_running is not null)
        {
            // A disk that does not answer must not keep the server from ending.
            await Task.WhenAny(_running, Task.Delay(LastWait, CancellationToken.None));
        }
    }

    private void Tick()
    {
        Volatile.Write(ref _ticked, true);
        Wake();
    }

    private void Run()
    {
        while (!Volatile.Read(ref _stopping))
        {
            Sleep();
            try
            {
                Work();
            }
            catch (Exception problem)
            {
                LogMistake(problem); // and goes on: without this thread the spool would soon be full
            }
        }

        SyncAll();
        Remove(kept: 0);
    }

    private void Wake()
    {
        lock (_bed)
        {
            _awake = true;
            Monitor.Pulse(_bed);
        }
    }

    private void Sleep()
    {
        lock (_bed)
        {
            while (!_awake)
            {
                Monitor.Wait(_bed);
            }

            _awake = false;
        }
    }

    private void Work()
    {
        if (Interlocked.Exchange(ref _ticked, false))
        {
            _cannotGrow = false;
            TryAgain();
            SyncAll();
        }

        Tend();
    }

    /// <summary>Makes room before it is asked for, and takes back what is not needed.</summary>
    private void Tend()
    {
        Interlocked.Exchange(ref _asked, 0);
        while (!_cannotGrow && segments.Free < (segments.IsInUse ? Ready : SpoolLayout.UsableBlocks) && segments.MayGrow)
        {
            Grow();
        }

        if (segments.Free > 0)
        {
            health.FindRoom(); // each time: somebody who found none may say so only after there is some
        }

        var empty = segments.Own.Count(segment => segment.Free.AreAll);
        var enough = segments.IsInUse ? (Ready / SpoolLayout.UsableBlocks) + 1 : 1;
        _surplusSince = empty <= enough ? null : _surplusSince ?? clock.GetTimestamp();
        var isIdle = _surplusSince is { } since && clock.GetElapsedTime(since) >= Idle;
        Remove(kept: isIdle ? enough : int.MaxValue);
        Tell();
    }

    private void Grow()
    {
        try
        {
            segments.Add(folder.Make(), gives: true);
        }
        catch (Exception problem) when (SpoolHealth.IsDisk(problem) || problem is Settings.StartupException)
        {
            _cannotGrow = true; // until the next second: each append would ask again
            if (segments.Free == 0)
            {
                var condition = SpoolHealth.IsFull(problem) ? SpoolCondition.Full : SpoolCondition.Broken;
                health.Explain(condition, SpoolHealth.Reason("There is no room for another segment", problem));
            }
        }
    }

    private void Remove(int kept)
    {
        foreach (var segment in segments.TakeEmpty(kept))
        {
            try
            {
                segment.Delete();
            }
            catch (Exception problem) when (SpoolHealth.IsDisk(problem))
            {
                // Nothing in it begins a log: the next start deletes it.
            }
        }
    }

    private void TryAgain()
    {
        if (health.IsBroken && segments.Own.All(segment => segment.Try()))
        {
            health.Mend();
        }
    }

    private void SyncAll()
    {
        if (sync is SpoolSync.Interval)
        {
            foreach (var segment in segments.All)
            {
                segment.TrySync();
            }

            folder.Sync();
        }
    }

    private void Tell()
    {
        var state = health.State;
        if (state.Condition != _told)
        {
            _told = state.Condition;
            if (state.Condition is SpoolCondition.Works)
            {
                LogWorks();
            }
            else
            {
                LogTrouble(state.Condition, state.Reason);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Exchanges are not kept in full: the spool is {Condition}. {Reason}")]
    private partial void LogTrouble(SpoolCondition condition, string reason);

    [LoggerMessage(LogLevel.Error, "The spool's own work failed because of a mistake in the server.")]
    private partial void LogMistake(Exception problem);

    [LoggerMessage(LogLevel.Information, "The spool works again.")]
    private partial void LogWorks();
}
