using System.Buffers;

namespace TraceVault.Capture.Spooling;

/// <summary>Sees a record of a log: its kind and its content, which is gone after the call.</summary>
internal delegate void SpoolReader(byte kind, ReadOnlySpan<byte> content);

/// <summary>What is kept of one exchange, in the order in which it was appended. Used by one caller at a time.</summary>
internal sealed class SpoolLog
{
    private readonly Spool _spool;
    private int[] _blocks;
    private int _count;

    /// <summary>The uses of the first and of the last block.</summary>
    private ulong _first, _last;

    /// <summary>Where the records of the last block end, as far as that is known.</summary>
    private int _end;

    /// <summary>Whether the last block takes more: not after a write that failed: nothing is sealed twice under one nonce.</summary>
    private bool _isOpen;

    private bool _released;

    internal SpoolLog(Spool spool, Guid id)
    {
        (_spool, Id, IsWhole, _blocks) = (spool, id, true, []);
    }

    /// <summary>A log of an earlier process. Where its last block ends, reading it shows.</summary>
    internal SpoolLog(Spool spool, Guid id, ulong first, int[] blocks, bool isWhole)
    {
        (_spool, Id, _first, _blocks, _count, IsWhole) = (spool, id, first, blocks, blocks.Length, isWhole);
        WasFound = true;
    }

    public Guid Id { get; }

    /// <summary>False when something in the middle was lost: reading ends there. May become false while reading.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Whether an earlier process left it.</summary>
    public bool WasFound { get; }

    /// <summary>
    /// Appends a record; one that does not fit into a block becomes several. Waits for no disk longer than a write takes, and throws
    /// nothing.
    /// </summary>
    /// <returns>
    /// How many bytes of the content are kept, from its beginning: with the system, so that they outlive this process. Fewer than all when
    /// the spool is full or broken, none when the log was released or found. More can be appended later; that a part is missing in between
    /// the caller has to note.
    /// </returns>
    public int Append(byte kind, ReadOnlySpan<byte> content)
    {
        var kept = 0;
        do
        {
            if (!TryAppend(kind, content[kept..], out var part))
            {
                return kept;
            }

            kept += part;
        }
        while (kept < content.Length);

        return kept;
    }

    /// <summary>Shows all records in their order. A content that was split comes in several, one after the other.</summary>
    /// <exception cref="IOException">The disk failed; it may work later.</exception>
    public void Read(SpoolReader reader)
    {
        var reading = new LogReading(_spool, Id, _first, WasFound ? null : _end);
        IsWhole &= reading.Run(_blocks.AsSpan(0, _count), reader);
    }

    /// <summary>
    /// Gives the room back. A later start does not find the log then, unless the power failed, or the disk did, before that was on it:
    /// whoever records what is found has to know what it recorded already.
    /// </summary>
    public void Release()
    {
        if (!Interlocked.Exchange(ref _released, true))
        {
            _isOpen = false;
            _spool.Release(_blocks.AsSpan(0, _count));
            (_blocks, _count) = ([], 0);
        }
    }

    private bool TryAppend(byte kind, ReadOnlySpan<byte> content, out int part)
    {
        part = 0;
        if (_spool.IsBroken || _released || WasFound)
        {
            return false;
        }

        var begins = !_isOpen || SpoolLayout.BlockSize - _end < SpoolLayout.LeastRecord;
        if (begins && !TryTakeBlock())
        {
            return false;
        }

        var scratch = ArrayPool<byte>.Shared.Rent(SpoolLayout.BlockSize);
        var written = begins ? TryBegin(scratch, kind, content, out part) : TryContinue(scratch, kind, content, out part);
        ArrayPool<byte>.Shared.Return(scratch);
        return written;
    }

    private bool TryTakeBlock()
    {
        if (!_spool.TryTake(out var block))
        {
            return false;
        }

        if (_count == _blocks.Length)
        {
            Array.Resize(ref _blocks, Math.Max(4, _count * 2));
        }

        _blocks[_count] = block; // counted as soon as it is written
        return true;
    }

    /// <summary>Writes the beginning of the block that was just taken, and the record behind it, as one.</summary>
    private bool TryBegin(Span<byte> scratch, byte kind, ReadOnlySpan<byte> content, out int part)
    {
        var number = _blocks[_count];
        var key = _spool.SegmentOf(number).Key;
        var use = key.NextUse();
        var first = _count == 0 ? use : _first;
        new BlockHead(Id, _count, first, _last, _end).Write(scratch, use, key.Cipher);
        var length = Seal(scratch[BlockHead.End..], key, use, BlockHead.End, kind, content, out part);
        if (!_spool.SegmentOf(number).TryWrite(scratch[..(BlockHead.End + length)], Spool.OffsetOf(number)))
        {
            _spool.Release([number]);
            _isOpen = false;
            return false;
        }

        (_first, _last, _end, _isOpen) = (first, use, BlockHead.End + length, true);
        _count++;
        return true;
    }

    private bool TryContinue(Span<byte> scratch, byte kind, ReadOnlySpan<byte> content, out int part)
    {
        var number = _blocks[_count - 1];
        var segment = _spool.SegmentOf(number);
        var length = Seal(scratch, segment.Key, _last, _end, kind, content, out part);
        _isOpen = segment.TryWrite(scratch[..length], Spool.OffsetOf(number) + _end);
        _end += _isOpen ? length : 0;
        return _isOpen;
    }

    /// <returns>The length of the record.</returns>
    private static int Seal(Span<byte> to, SpoolKey key, ulong use, int offset, byte kind, ReadOnlySpan<byte> content, out int part)
    {
        part = Math.Min(content.Length, SpoolLayout.BlockSize - offset - SpoolRecord.HeadSize - 1);
        var length = SpoolRecord.HeadSize + 1 + part;
        to[SpoolRecord.HeadSize] = kind;
        content[..part].CopyTo(to[(SpoolRecord.HeadSize + 1)..]);
        SpoolRecord.Seal(key.Cipher, use, offset, to[..length]);
        return length;
    }
}
