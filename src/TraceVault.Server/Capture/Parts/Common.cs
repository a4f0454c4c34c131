namespace TraceVault.Capture.Parts;

/// <summary>How much a body shares with an earlier one.</summary>
/// <param name="Start">The common start, in bytes.</param>
/// <param name="End">The common end, in bytes; the two overlap in neither body.</param>
internal readonly record struct Common(int Start, int End)
{
    public int Total => Start + End;

    public static Common Of(ReadOnlySpan<byte> earlier, ReadOnlySpan<byte> body)
    {
        var start = earlier.CommonPrefixLength(body);
        return new Common(start, EndOf(earlier[start..], body[start..]));
    }

    /// <summary>The framework compares starts in vectors, but not ends: so it is asked for ever earlier pieces.</summary>
    private static int EndOf(ReadOnlySpan<byte> earlier, ReadOnlySpan<byte> body)
    {
        const int Piece = 256;
        var most = Math.Min(earlier.Length, body.Length);
        var common = 0;
        while (most - common >= Piece && Last(earlier, common, Piece).SequenceEqual(Last(body, common, Piece)))
        {
            common += Piece;
        }

        while (common < most && earlier[^(common + 1)] == body[^(common + 1)])
        {
            common++;
        }

        return common;
    }

    private static ReadOnlySpan<byte> Last(ReadOnlySpan<byte> bytes, int without, int length) =>
        bytes.Slice(bytes.Length - without - length, length);
}
