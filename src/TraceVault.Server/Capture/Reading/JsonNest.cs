using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TraceVault.Capture.Reading;

/// <summary>
/// Finds where an object or array ends, 64 bytes at a time: masks say where quotes, backslashes and brackets are, and arithmetic on them
/// which are in strings (Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019).
/// </summary>
internal struct JsonNest
{
    private const int Width = 64;
    private const ulong EvenBits = 0x5555_5555_5555_5555;

    private ulong _inString; // all ones when the block before ended within a string
    private ulong _isEscaped; // 1 when the block before ended in a backslash that counts
    private int _depth;

    /// <param name="at">The opening bracket.</param>
    /// <returns>The place behind the closing one, or <see cref="JsonSkipper.NoEnd"/>.</returns>
    public static int End(ReadOnlySpan<byte> text, int at)
    {
        var nest = new JsonNest();
        for (; text.Length - at >= Width; at += Width)
        {
            if (nest.Take(text.Slice(at, Width)) is var end and >= 0)
            {
                return at + end;
            }
        }

        Span<byte> last = stackalloc byte[Width];
        last.Fill((byte)' ');
        text[at..].CopyTo(last);
        return nest.Take(last) is var found and >= 0 ? at + found : JsonSkipper.NoEnd;
    }

    /// <returns>The place behind the bracket that closes the first one, or -1.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Take(ReadOnlySpan<byte> block)
    {
        var (low, high) = (Vector256.Create(block), Vector256.Create(block[Vector256<byte>.Count..]));
        var quotes = Mask(low, high, (byte)'"') & ~Escaped(Mask(low, high, (byte)'\\'));
        var strings = Between(quotes) ^ _inString;
        _inString = (ulong)((long)strings >> (Width - 1));

        // Square and curly brackets differ in this bit alone.
        var fold = Vector256.Create((byte)0x20);
        var opening = Mask(low | fold, high | fold, (byte)'{') & ~strings;
        var closing = Mask(low | fold, high | fold, (byte)'}') & ~strings;
        var closed = BitOperations.PopCount(closing);
        if (_depth <= closed)
        {
            return Count(opening, closing);
        }

        _depth += BitOperations.PopCount(opening) - closed;
        return -1;
    }

    private int Count(ulong opening, ulong closing)
    {
        for (var brackets = opening | closing; brackets != 0; brackets &= brackets - 1)
        {
            _depth += (opening & brackets & (~brackets + 1)) != 0 ? 1 : -1;
            if (_depth == 0)
            {
                return BitOperations.TrailingZeroCount(brackets) + 1;
            }
        }

        return -1;
    }

    /// <returns>The characters that a backslash stands before which is not itself escaped.</returns>
    private ulong Escaped(ulong backslashes)
    {
        if (backslashes == 0)
        {
            return (_isEscaped, _isEscaped = 0).Item1;
        }

        // Runs that begin at an odd place carry out of their end into the next bit: there the meaning of odd and even is turned round.
        backslashes &= ~_isEscaped;
        var behind = (backslashes << 1) | _isEscaped;
        var oddStarts = backslashes & ~EvenBits & ~behind;
        var carried = unchecked(oddStarts + backslashes);
        _isEscaped = carried < oddStarts ? 1UL : 0;
        return (EvenBits ^ (carried << 1)) & behind;
    }

    /// <returns>The bits from each first quote to before the second: each bit is the parity of those up to it.</returns>
    private static ulong Between(ulong quotes)
    {
        quotes ^= quotes << 1;
        quotes ^= quotes << 2;
        quotes ^= quotes << 4;
        quotes ^= quotes << 8;
        quotes ^= quotes << 16;
        return quotes ^ (quotes << 32);
    }

    private static ulong Mask(Vector256<byte> low, Vector256<byte> high, byte wanted) =>
        Vector256.Equals(low, Vector256.Create(wanted)).ExtractMostSignificantBits()
            | ((ulong)Vector256.Equals(high, Vector256.Create(wanted)).ExtractMostSignificantBits() << Vector256<byte>.Count);
}
