namespace TraceVault.Capture.Spooling;

/// <summary>Whether the disk takes what is written. While it does not, nobody waits for it in vain.</summary>
/// <param name="sync">With <see cref="SpoolSync.Always"/> a write may take longer: the operator chose to wait for the disk.</param>
/// <param name="clock">Tells the time.</param>
internal sealed class SpoolHealth(SpoolSync sync, TimeProvider clock)
{
    /// <summary>ENOSPC, its like on Windows, and COR_E_IO: what .NET says when a new file does not get its room.</summary>
    private const int DiskFull = 28, WindowsDiskFull = unchecked((int)0x80070070), NoRoom = unchecked((int)0x80131620);

    private SpoolState? _broken, _short;
    private bool _wasSlow;
    private SpoolState _works = new(SpoolCondition.Works, clock.GetUtcNow(), "");

    public SpoolState State => Volatile.Read(ref _broken) ?? Volatile.Read(ref _short) ?? _works;

    public bool IsBroken => Volatile.Read(ref _broken) is not null;

    /// <summary>A write that takes longer is slow: a client waits for it.</summary>
    public TimeSpan Limit { get; } = sync is SpoolSync.Always ? TimeSpan.FromSeconds(1) : TimeSpan.FromMilliseconds(100);

    /// <summary>A write that takes so long is enough to break the spool.</summary>
    public TimeSpan LastLimit => Limit * 5;

    /// <summary>
    /// Two slow writes one after the other break the spool, not a single one: with more threads than processors, a thread may lose its
    /// processor for as long in the middle of a write (measured: 105 ms at a load of 12 for each processor), and the disk is well.
    /// </summary>
    public void Took(TimeSpan time)
    {
        if (time <= Limit)
        {
            if (Volatile.Read(ref _wasSlow))
            {
                Volatile.Write(ref _wasSlow, false);
            }
        }
        else if (Interlocked.Exchange(ref _wasSlow, true) || time > LastLimit)
        {
            Break("Writes take too long.");
        }
    }

    /// <summary>The first reason stands until the disk works again.</summary>
    public void Break(string reason) =>
        Interlocked.CompareExchange(ref _broken, new SpoolState(SpoolCondition.Broken, clock.GetUtcNow(), reason), null);

    public void Mend()
    {
        _works = new SpoolState(SpoolCondition.Works, clock.GetUtcNow(), "");
        Volatile.Write(ref _broken, null);
    }

    public void RunShort(SpoolCondition condition, string reason)
    {
        if (Volatile.Read(ref _short) is null)
        {
            Interlocked.CompareExchange(ref _short, new SpoolState(condition, clock.GetUtcNow(), reason), null);
        }
    }

    /// <summary>As <see cref="RunShort"/>, by whoever knows why: that takes the place of a reason which was a guess.</summary>
    public void Explain(SpoolCondition condition, string reason)
    {
        RunShort(condition, reason);
        if (Volatile.Read(ref _short) is { } known && known.Reason != reason)
        {
            Interlocked.CompareExchange(ref _short, known with { Condition = condition, Reason = reason }, known);
        }
    }

    public void FindRoom()
    {
        if (Volatile.Read(ref _short) is not null)
        {
            _works = new SpoolState(SpoolCondition.Works, clock.GetUtcNow(), "");
            Volatile.Write(ref _short, null);
        }
    }

    public static bool IsDisk(Exception problem) => problem is IOException or UnauthorizedAccessException or ObjectDisposedException;

    public static bool IsFull(Exception problem) => problem.HResult is DiskFull or WindowsDiskFull or NoRoom;

    /// <summary>The exception's own message names the file.</summary>
    public static string Reason(string what, Exception problem) =>
        IsFull(problem) ? $"{what}: the disk is full." : $"{what}: error {problem.HResult}.";
}
