namespace TraceVault.Capture.Parts;

/// <summary>A body that deltas change one after the other, in place: reading a long chain copies no whole body.</summary>
/// <param name="room">How long it will be at most, in bytes, as far as that is known: then memory is taken once.</param>
internal sealed class EditedBody(int room = 0)
{
    private byte[] _bytes = room == 0 ? [] : GC.AllocateUninitializedArray<byte>(room);

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

    /// <summary>The body, to be kept. It must not be edited any more.</summary>
    public byte[] Take() => Length == _bytes.Length ? _bytes : Bytes.ToArray();
}
