using System.Numerics;

namespace TraceVault.Capture.Spooling;

/// <summary>Which blocks of a segment are free. The lowest is taken first: its page is the likeliest to be in memory.</summary>
internal sealed class FreeBlocks
{
    private const int Bits = 64;

    private readonly Lock _lock = new();
    private readonly ulong[] _words = new ulong[SpoolLayout.Blocks / Bits];
    private int _count = SpoolLayout.UsableBlocks;

    public FreeBlocks()
    {
        Array.Fill(_words, ulong.MaxValue);
        _words[0] &= ~1UL; // the header's
    }

    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether no log has a block of the segment.</summary>
    public bool AreAll => Count == SpoolLayout.UsableBlocks;

    public bool TryTake(out int block)
    {
        lock (_lock)
        {
            var word = Array.FindIndex(_words, word => word != 0);
            block = word < 0 ? 0 : (word * Bits) + BitOperations.TrailingZeroCount(_words[word]);
            if (word >= 0)
            {
                Mark(block);
            }

            return word >= 0;
        }
    }

    /// <summary>Takes a block that a log was found to have.</summary>
    public void Take(int block)
    {
        lock (_lock)
        {
            if ((_words[block / Bits] & (1UL << (block % Bits))) != 0)
            {
                Mark(block);
            }
        }
    }

    public void Give(int block)
    {
        lock (_lock)
        {
            _words[block / Bits] |= 1UL << (block % Bits);
            _count++;
        }
    }

    /// <summary>Takes all blocks, if all are free: the segment can go.</summary>
    public bool TryTakeAll()
    {
        lock (_lock)
        {
            if (!AreAll)
            {
                return false;
            }

            Array.Clear(_words);
            _count = 0;
            return true;
        }
    }

    private void Mark(int block)
    {
        _words[block / Bits] &= ~(1UL << (block % Bits));
        _count--;
    }
}
