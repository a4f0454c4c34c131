namespace TraceVault.Capture.Parts;

/// <summary>
/// A frame does not open: it was changed or moved, was sealed under another key, or the part ends before it. Every body that depends on it
/// is lost; the others are not.
/// </summary>
internal sealed class DamagedFrameException(Place frame)
    : Exception($"The frame at {frame.Offset} of the part {frame.Part} ({frame.Length} bytes) is damaged, or not of this trace.")
{
    /// <summary>The damaged frame, which may be one that the asked one depends on.</summary>
    public Place Frame { get; } = frame;
}
