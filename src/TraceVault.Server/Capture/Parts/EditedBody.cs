namespace TraceVault.Capture.Parts;

/// <summary>A body that deltas change one after the other, in place: reading a long chain copies no whole body.</summary>
internal sealed class EditedBody
{
    private byte[] _bytes = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Keeps start and end, and makes room for a middle in place of what was between them.</summary>
    /// <returns>Where the middle goes.</returns>
    public Span<byte> Replace(int start, int end, int middle)
    {
        var length = start + middle + end;
        var kept = _bytes.AsSpan(Length - end, end);
        var target = _bytes;
        if (length > _bytes.Length)
        {
            target = GC.AllocateUninitializedArray<byte>(length + length / 8);
            _bytes.AsSpan(0, start).CopyTo(target);
        }

        kept.CopyTo(target.AsSpan(start + middle));
        (_bytes, Length) = (target, length);
        return target.AsSpan(start, middle);
    }

    public byte[] ToArray() => Bytes.ToArray();
}
