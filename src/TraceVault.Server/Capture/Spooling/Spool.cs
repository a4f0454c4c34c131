using TraceVault.Hosting;
using TraceVault.Vault;

namespace TraceVault.Capture.Spooling;

/// <summary>
/// Keeps what passes, on the local disk, until it is recorded: what was appended is with the system before the client gets it, and outlives
/// this process however that ends.
/// </summary>
/// <remarks>
/// Written, not mapped: under a mapping a disk that fails or is full would end the process (SIGBUS), where a write returns an error.
/// </remarks>
internal sealed partial class Spool : IAsyncDisposable
{
    private readonly ILogger<Spool> _log;
    private readonly SpoolHealth _health;
    private readonly SpoolFolder _folder;
    private readonly SpoolSegments _segments;
    private readonly SpoolUpkeep _upkeep;

    public Spool(CaptureOptions options, DataDirectory data, KeyRing ring, TimeProvider clock, ILogger<Spool> log)
    {
        var most = (int)Math.Max(1, options.SpoolBytes / SpoolLayout.SegmentSize);
        _log = log;
        _health = new SpoolHealth(options.Sync, clock);
        _folder = new SpoolFolder(data, ring, options.Sync, _health, clock);
        _segments = new SpoolSegments(most);
        _upkeep = new SpoolUpkeep(_folder, _segments, options.Sync, _health, clock, log);
        Capacity = (long)most * SpoolLayout.UsableBlocks * SpoolLayout.BlockSize;
    }

    /// <summary>What an earlier process left: to be read and released like one's own. In no order.</summary>
    public IReadOnlyList<SpoolLog> Recovered { get; private set; } = [];

    /// <summary>Bytes that can wait, with what sealing adds to them.</summary>
    public long Capacity { get; }

    /// <summary>In whole blocks.</summary>
    public long BytesInUse => _segments.BytesInUse;

    public SpoolState State => _health.State;

    internal bool IsBroken => _health.IsBroken;

    /// <summary>
    /// Finds what is left of earlier processes and makes the first segment. Called once, before the first <see cref="Begin"/>; until then
    /// there are no files. A disk that does not work yet is no reason not to start: <see cref="State"/> tells.
    /// </summary>
    public void Open()
    {
        try
        {
            Recovered = new Recovery(_folder, _segments, _log).Run(this);
        }
        catch (Exception problem) when (SpoolHealth.IsDisk(problem))
        {
            LogUnread(SpoolHealth.Reason("Reading failed", problem));
        }

        _upkeep.Start();
    }

    /// <summary>Begins a log. It takes no room before something is appended to it.</summary>
    public SpoolLog Begin(Guid id) => new(this, id);

    /// <summary>Ends the spool. Logs that were not released are found by the next process.</summary>
    public async ValueTask DisposeAsync()
    {
        await _upkeep.DisposeAsync();
        foreach (var segment in _segments.All)
        {
            segment.Dispose();
        }
    }

    internal static long OffsetOf(int block) => (long)(block % SpoolLayout.Blocks) * SpoolLayout.BlockSize;

    internal Segment SegmentOf(int block) => _segments.Of(block);

    /// <returns>False when there is no free block.</returns>
    internal bool TryTake(out int block)
    {
        var taken = _segments.TryTake(out block);
        if (taken)
        {
            _health.FindRoom();
        }
        else
        {
            _health.RunShort(
                SpoolCondition.Full,
                _segments.MayGrow ? "Room is made too slowly." : "As much is waiting to be recorded as there is room for.");
        }

        _upkeep.Ask();
        return taken;
    }

    /// <summary>Gives the blocks of a log back, the first of which tells whether there is a log.</summary>
    internal void Release(ReadOnlySpan<int> blocks)
    {
        // While the disk is broken nobody waits for it: then the log is found again by the next start.
        if (blocks.Length > 0 && !IsBroken)
        {
            SegmentOf(blocks[0]).Erase(blocks[0] % SpoolLayout.Blocks);
        }

        foreach (var block in blocks)
        {
            _segments.Give(block);
        }

        if (blocks.Length > 0)
        {
            _health.FindRoom();
        }
    }

    [LoggerMessage(LogLevel.Error, "What an earlier run left in the spool is not recorded. {Reason}")]
    private partial void LogUnread(string reason);
}
