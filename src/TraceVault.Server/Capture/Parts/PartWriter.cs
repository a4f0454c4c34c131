using System.Buffers;

namespace TraceVault.Capture.Parts;

/// <summary>
/// Appends frames to one part: in memory first, so that one write stores many. For one thread at a time. If a write fails for good, the
/// writer and the chains that it was given are of no more use: they know of frames that were never stored.
/// </summary>
/// <param name="store">Where the part is.</param>
/// <param name="deltas">May be shared with other writers of the same thread.</param>
/// <param name="part">The id of the part.</param>
/// <param name="length">How much of it counts: 0 for a new one. What was written behind that by a step that was never finished is
/// overwritten.</param>
internal sealed class PartWriter(IPartStore store, BodyDelta deltas, Guid part, long length)
{
    /// <summary>A part of this length, in bytes, is closed.</summary>
    public const long FullLength = 16 << 20;

    /// <summary>Below one part of so many, a delta is stored without a look at what the body would take alone.</summary>
    private const int SurelySmall = 16;

    private readonly ArrayBufferWriter<byte> _pending = new();
    private long _stored = length;

    public Guid Part { get; } = part;

    /// <summary>The length of the part, with what is not stored yet.</summary>
    public long Length => _stored + _pending.WrittenCount;

    /// <summary>The bytes that wait for <see cref="FlushAsync"/>.</summary>
    public int Pending => _pending.WrittenCount;

    public bool IsFull => Length >= FullLength;

    /// <summary>Appends an exchange: a frame for the request, and one for the answer that depends on it.</summary>
    /// <param name="cipher">Of the trace.</param>
    /// <param name="chain">The earlier exchanges of the trace; this one is added.</param>
    /// <param name="request">At most <see cref="DeltaHead.MaxLength"/> bytes. It is kept, and must not change any more.</param>
    /// <param name="answer">As <paramref name="request"/>; null when there is none.</param>
    /// <returns>Where the frames will be once they are flushed.</returns>
    public (Place Request, Place? Answer) Append(FrameCipher cipher, TurnChain chain, byte[] request, byte[]? answer)
    {
        var chosen = chain.Choose(Part, request);
        var delta = Encode(chosen, request, out var against);
        var frame = Seal(cipher, isAnswer: false, against?.Frame, delta);
        var asked = frame.Place;
        var earlier = against?.Answer ?? [];
        if (answer is not null)
        {
            frame = Seal(cipher, isAnswer: true, frame, deltas.Encode(earlier, [], answer, Common.Of(earlier, answer)));
        }

        chain.Add(new Turn(frame, request, answer ?? earlier), chosen);
        return (asked, answer is null ? null : frame.Place);
    }

    /// <summary>Stores what is pending. After an exception it can be tried again.</summary>
    public async Task FlushAsync(CancellationToken cancel)
    {
        if (_pending.WrittenCount > 0)
        {
            await store.AppendAsync(Part, _stored, _pending.WrittenMemory, cancel);
            _stored += _pending.WrittenCount;
            _pending.ResetWrittenCount();
        }
    }

    /// <summary>
    /// Against the chosen exchange, whose answer mostly comes back in the next request; alone if that is shorter, or if too many frames
    /// would depend on each other. It is not tried against another line then: that one is soon too deep as well.
    /// </summary>
    private ReadOnlySpan<byte> Encode((Turn Turn, Common Common)? chosen, byte[] request, out Turn? against)
    {
        const int TwoFrames = 2;
        against = chosen?.Turn;
        if (against is null || against.Frame.Depth > FrameHead.MaxDepth - TwoFrames)
        {
            against = null;
            return deltas.Encode([], [], request, default);
        }

        var delta = deltas.Encode(against.Request, against.Answer, request, chosen!.Value.Common);
        if (delta.Length <= request.Length / SurelySmall)
        {
            return delta;
        }

        var copy = delta.ToArray();
        var alone = deltas.Encode([], [], request, default);
        if (alone.Length > copy.Length)
        {
            return copy;
        }

        against = null;
        return alone;
    }

    private FrameMark Seal(FrameCipher cipher, bool isAnswer, FrameMark? earlier, ReadOnlySpan<byte> delta)
    {
        var place = new Place(Part, Length, FrameHead.Size + delta.Length);
        var head = earlier is { } mark
            ? new FrameHead(
                isAnswer, mark.Depth + 1, delta.Length, checked((int)(place.Offset - mark.Place.Offset)), mark.Place.Length, mark.Tag)
            : new FrameHead(isAnswer, 0, delta.Length, 0, 0, 0);
        var frame = _pending.GetSpan(place.Length)[..place.Length];
        cipher.Seal(head, delta, Part, place.Offset, frame);
        _pending.Advance(place.Length);
        return new FrameMark(place, head.Depth, FrameHead.TagOf(frame));
    }
}
