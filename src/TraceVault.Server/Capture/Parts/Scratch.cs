namespace TraceVault.Capture.Parts;

/// <summary>Memory that is used again for the next body, unless it was a very long one.</summary>
internal sealed class Scratch
{
    /// <summary>The most that is kept, in bytes.</summary>
    private const int Kept = 1 << 20;

    private byte[] _bytes = [];

    /// <returns>So many bytes of any content, until the next call.</returns>
    public Span<byte> Of(int length)
    {
        if (length > Kept)
        {
            return GC.AllocateUninitializedArray<byte>(length);
        }

        if (_bytes.Length < length)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(Math.Min(Kept, Math.Max(length, 2 * _bytes.Length)));
        }

        return _bytes.AsSpan(0, length);
    }
}
