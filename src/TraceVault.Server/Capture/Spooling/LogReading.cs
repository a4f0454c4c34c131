using System.Buffers;
using System.Security.Cryptography;

namespace TraceVault.Capture.Spooling;

/// <summary>One pass through the blocks of a log. Each has to follow the one before, and that has to be read to its end.</summary>
/// <param name="spool">Has the blocks.</param>
/// <param name="id">The log's.</param>
/// <param name="first">The use of its first block.</param>
/// <param name="end">Where the records of the last block end; null: where nothing opens any more.</param>
internal readonly struct LogReading(Spool spool, Guid id, ulong first, int? end)
{
    /// <returns>False when something is missing: what was shown is what comes before it.</returns>
    /// <exception cref="IOException">The disk failed.</exception>
    public bool Run(ReadOnlySpan<int> blocks, SpoolReader reader)
    {
        var scratch = ArrayPool<byte>.Shared.Rent(SpoolLayout.BlockSize);
        try
        {
            var isWhole = true;
            for (var i = 0; i < blocks.Length && isWhole; i++)
            {
                isWhole = TryRead(blocks, i, scratch.AsSpan(0, SpoolLayout.BlockSize), reader);
            }

            return isWhole;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scratch);
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private bool TryRead(ReadOnlySpan<int> blocks, int i, Span<byte> scratch, SpoolReader reader)
    {
        var segment = spool.SegmentOf(blocks[i]);
        var block = scratch[..segment.Read(scratch, Spool.OffsetOf(blocks[i]))];
        if (!BlockHead.TryRead(block, segment.Key.Cipher, out var use, out var head)
            || (head.Log, head.Number, head.First) != (id, i, first))
        {
            return false;
        }

        var stop = i < blocks.Length - 1 ? EndBefore(blocks[i + 1], use) : end;
        var offset = BlockHead.End;
        while (offset < (stop ?? block.Length) && SpoolRecord.TryOpen(segment.Key.Cipher, use, offset, block, out var plain))
        {
            offset = plain.End.Value;
            reader(block[plain][0], block[plain][1..]);
        }

        return stop is null || offset == stop;
    }

    /// <returns>Where a block ends, as the next one says; 0 if that does not follow it.</returns>
    private int EndBefore(int next, ulong use)
    {
        Span<byte> beginning = stackalloc byte[BlockHead.End];
        var segment = spool.SegmentOf(next);
        beginning = beginning[..segment.Read(beginning, Spool.OffsetOf(next))];
        return BlockHead.TryRead(beginning, segment.Key.Cipher, out _, out var head) && head.Previous == use ? head.PreviousEnd : 0;
    }
}
