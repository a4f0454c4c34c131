namespace TraceVault.Capture.Parts;

/// <summary>The first bytes of a delta: what the body has in common with its base.</summary>
/// <remarks>
/// <code>
/// length  content
///      1  0: the middle follows in clear; 1: as a Zstandard frame (RFC 8878)
///   1..5  length of the body
///   1..5  common start with the base; 0 without one
///   1..5  common end with the base; 0 without one
/// </code>
/// Numbers are little-endian groups of seven bits, the highest bit of a byte says that another follows (LEB128).
/// </remarks>
/// <param name="IsPacked">Whether the middle is a Zstandard frame.</param>
/// <param name="Length">Of the body, in bytes; at most <see cref="MaxLength"/>.</param>
/// <param name="Start">How many bytes the body has in common with the start of its base.</param>
/// <param name="End">How many with the end. They overlap the start neither in the body nor in the base.</param>
internal readonly record struct DeltaHead(bool IsPacked, int Length, int Start, int End)
{
    /// <summary>The largest body, in bytes: the proxy's own limit can be set no higher.</summary>
    public const int MaxLength = 512 << 20;

    /// <summary>The most bytes that a head takes.</summary>
    public const int MaxSize = 1 + 3 * 5;

    /// <summary>The length of what is neither common start nor common end.</summary>
    public int Middle => Length - Start - End;

    /// <returns>How many bytes were written.</returns>
    public int Write(Span<byte> to)
    {
        to[0] = IsPacked ? (byte)1 : (byte)0;
        var written = 1;
        ReadOnlySpan<int> numbers = [Length, Start, End];
        foreach (var number in numbers)
        {
            var rest = (uint)number;
            for (; rest > 0x7f; rest >>= 7)
            {
                to[written++] = (byte)(rest | 0x80);
            }

            to[written++] = (byte)rest;
        }

        return written;
    }

    /// <param name="bytes">A delta; receives what follows the head.</param>
    /// <param name="head">Not to be used when the result is false.</param>
    /// <returns>Whether it is a head that does not contradict itself.</returns>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, out DeltaHead head)
    {
        head = default;
        if (bytes.IsEmpty || bytes[0] > 1)
        {
            return false;
        }

        var isPacked = bytes[0] == 1;
        bytes = bytes[1..];
        if (!TryReadNumber(ref bytes, out var length) || !TryReadNumber(ref bytes, out var start) || !TryReadNumber(ref bytes, out var end))
        {
            return false;
        }

        head = new DeltaHead(isPacked, length, start, end);
        return (long)start + end <= length;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> bytes, out int number)
    {
        long sum = 0;
        for (var i = 0; i < Math.Min(5, bytes.Length); i++)
        {
            sum |= (long)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] <= 0x7f)
            {
                bytes = bytes[(i + 1)..];
                number = (int)Math.Min(sum, int.MaxValue);
                return sum <= MaxLength;
            }
        }

        number = 0;
        return false;
    }
}
