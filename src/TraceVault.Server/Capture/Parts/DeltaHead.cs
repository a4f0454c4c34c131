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
    /// <exception cref="InvalidDataException">The bytes are no head, or one that contradicts itself.</exception>
    public static DeltaHead Read(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[0] > 1)
        {
            throw new InvalidDataException("The delta is of no known form.");
        }

        var isPacked = bytes[0] == 1;
        bytes = bytes[1..];
        var head = new DeltaHead(isPacked, ReadNumber(ref bytes), ReadNumber(ref bytes), ReadNumber(ref bytes));
        return (long)head.Start + head.End <= head.Length
            ? head
            : throw new InvalidDataException("The delta has more in common with its base than it is long.");
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> bytes)
    {
        long number = 0;
        for (var i = 0; i < Math.Min(5, bytes.Length); i++)
        {
            number |= (long)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] <= 0x7f)
            {
                bytes = bytes[(i + 1)..];
                return number <= MaxLength ? (int)number : throw new InvalidDataException("The delta states too great a length.");
            }
        }

        throw new InvalidDataException("The delta ends within its head.");
    }
}
