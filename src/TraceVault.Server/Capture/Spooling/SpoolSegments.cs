namespace TraceVault.Capture.Spooling;

/// <summary>The open segments, and the blocks in them that logs can have.</summary>
/// <remarks>A block's number is its segment's slot times <see cref="SpoolLayout.Blocks"/>, plus its place in the segment.</remarks>
/// <param name="most">How many segments there may be.</param>
internal sealed class SpoolSegments(int most)
{
    /// <summary>
    /// Blocks are taken from so many segments in turn, because two threads that write to one file wait for each other; from no more, so
    /// that the others become empty and can go.
    /// </summary>
    private const int AtOnce = 4;

    private readonly Lock _lock = new();
    private Segment?[] _slots = [];

    /// <summary>Those that give blocks: not those of an earlier process. Replaced as a whole.</summary>
    private Segment[] _own = [];

    private int _count;
    private uint _turn;

    public bool MayGrow => Volatile.Read(ref _count) < most;

    /// <summary>Whether a log has a block; those of earlier processes do not count.</summary>
    public bool IsInUse => Own.Any(segment => !segment.Free.AreAll);

    public IReadOnlyList<Segment> Own => Volatile.Read(ref _own);

    public int Free
    {
        get
        {
            var free = 0;
            foreach (var segment in Volatile.Read(ref _own))
            {
                free += segment.Free.Count;
            }

            return free;
        }
    }

    public long BytesInUse =>
        Volatile.Read(ref _slots).Sum(slot => slot is null ? 0L : SpoolLayout.UsableBlocks - slot.Free.Count) * SpoolLayout.BlockSize;

    /// <param name="segment">A segment, open.</param>
    /// <param name="gives">Whether its blocks can be taken.</param>
    public void Add(Segment segment, bool gives)
    {
        lock (_lock)
        {
            var slot = Array.IndexOf(_slots, null);
            Segment?[] slots = slot < 0 ? [.. _slots, segment] : [.. _slots];
            segment.Slot = slot < 0 ? _slots.Length : slot;
            slots[segment.Slot] = segment;
            Volatile.Write(ref _slots, slots);
            Volatile.Write(ref _count, _count + 1);
            if (gives)
            {
                Volatile.Write(ref _own, [.. _own, segment]);
            }
        }
    }

    public Segment Of(int block) => Volatile.Read(ref _slots)[block / SpoolLayout.Blocks]!;

    /// <returns>False when no segment has a free block.</returns>
    public bool TryTake(out int block)
    {
        var own = Volatile.Read(ref _own);
        Span<int> open = stackalloc int[AtOnce];
        var count = 0;
        for (var i = 0; i < own.Length && count < AtOnce; i++)
        {
            if (own[i].Free.Count > 0)
            {
                open[count++] = i;
            }
        }

        var turn = Interlocked.Increment(ref _turn);
        for (var i = 0; i < count; i++)
        {
            var segment = own[open[(int)((turn + i) % count)]];
            if (segment.Free.TryTake(out block))
            {
                block += segment.Slot * SpoolLayout.Blocks;
                return true;
            }
        }

        block = 0;
        return false;
    }

    public void Give(int block) => Of(block).Free.Give(block % SpoolLayout.Blocks);

    /// <summary>Takes out the segments that no log has a block in: those of earlier processes, and own ones but for a few.</summary>
    public List<Segment> TakeEmpty(int kept)
    {
        lock (_lock)
        {
            var own = _own.Where(segment => segment.Free.AreAll).Skip(kept);
            var earlier = _slots.OfType<Segment>().Except(_own);
            var empty = own.Concat(earlier).Where(segment => segment.Free.TryTakeAll()).ToList();
            if (empty.Count > 0)
            {
                Volatile.Write(ref _own, [.. _own.Except(empty)]);
                Volatile.Write(ref _count, _count - empty.Count);
                Volatile.Write(ref _slots, [.. _slots.Select(slot => slot is null || empty.Contains(slot) ? null : slot)]);
            }

            return empty;
        }
    }

    /// <summary>All of them, to be closed.</summary>
    public IReadOnlyList<Segment> All => [.. Volatile.Read(ref _slots).OfType<Segment>()];
}
