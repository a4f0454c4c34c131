namespace TraceVault.Capture.Parts;

/// <summary>Gives bodies back: walks from a frame back to its key frame, then applies the deltas forward. Safe to share.</summary>
internal sealed class PartReader(IPartStore store)
{
    /// <summary>How much is read at once, in bytes. Frames that depend on each other are mostly that near.</summary>
    private const int Stretch = 1 << 20;

    /// <returns>The body of the frame.</returns>
    /// <exception cref="DamagedFrameException">This frame, or one that it depends on, does not open with the key.</exception>
    /// <exception cref="PartGoneException">The part was deleted.</exception>
    public async Task<byte[]> ReadAsync(Place place, TraceKey key, CancellationToken cancel)
    {
        var frames = await OpenAsync(place, key, cancel);
        var (request, answer) = Build(frames);
        return (frames[^1].Head.IsAnswer ? answer : request).Take();
    }

    /// <param name="place">Where the last frame of an exchange is.</param>
    /// <param name="key">The key of its trace.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <returns>That exchange, for a chain that goes on after a restart.</returns>
    /// <exception cref="DamagedFrameException">As for <see cref="ReadAsync"/>.</exception>
    /// <exception cref="PartGoneException">As for <see cref="ReadAsync"/>.</exception>
    public async Task<Turn> ResumeAsync(Place place, TraceKey key, CancellationToken cancel)
    {
        var frames = await OpenAsync(place, key, cancel);
        var (request, answer) = Build(frames);
        return new Turn(frames[^1].Mark, request.Take(), answer.Take());
    }

    /// <returns>The frames in clear, from the key frame to the one that is asked for.</returns>
    private async Task<List<OpenFrame>> OpenAsync(Place place, TraceKey key, CancellationToken cancel)
    {
        using var cipher = key.Cipher();
        var (bytes, start) = await LoadAsync(place, place.Length, cancel); // it may be a key frame
        var frames = new List<OpenFrame> { Open(cipher, bytes.Slice((int)(place.Offset - start), place.Length), place, above: null) };
        while (frames[^1] is { Head.Depth: > 0 } above)
        {
            // The frame above has been opened, so what it says of its base is what the writer said.
            var below = above.Base;
            if (below.Offset < start)
            {
                (bytes, start) = await LoadAsync(below, Stretch, cancel);
            }

            frames.Add(Open(cipher, bytes.Slice((int)(below.Offset - start), below.Length), below, above));
        }

        frames.Reverse();
        return frames;
    }

    /// <returns>A stretch of the part that ends where the frame ends, and where it begins.</returns>
    private async Task<(Memory<byte> Bytes, long Start)> LoadAsync(Place place, int stretch, CancellationToken cancel)
    {
        var end = place.Offset + place.Length;
        var start = Math.Max(0, Math.Min(place.Offset, end - stretch));
        var bytes = GC.AllocateUninitializedArray<byte>((int)(end - start));
        return await store.ReadAsync(place.Part, start, bytes, cancel) == bytes.Length
            ? (bytes, start)
            : throw new DamagedFrameException(place);
    }

    private static OpenFrame Open(FrameCipher cipher, Memory<byte> frame, Place place, OpenFrame? above)
    {
        if (!FrameHead.TryRead(frame.Span, out var head))
        {
            throw new DamagedFrameException(place);
        }

        var mark = new FrameMark(place, head.Depth, FrameHead.TagOf(frame.Span));
        var isMeant = above is null || (mark.Tag == above.Head.BaseTag && mark.Depth == above.Head.Depth - 1);
        return isMeant && cipher.TryOpen(frame.Span, place.Part, place.Offset)
            ? new OpenFrame(mark, head, frame[FrameHead.Size..])
            : throw new DamagedFrameException(place);
    }

    private static (EditedBody Request, EditedBody Answer) Build(List<OpenFrame> frames)
    {
        using var deltas = new BodyDelta();
        var (request, answer) = (RoomFor(frames, answers: false), RoomFor(frames, answers: true));
        foreach (var frame in frames)
        {
            try
            {
                var isAnswer = frame.Head.IsAnswer;
                deltas.Apply(frame.Delta.Span, isAnswer ? [] : answer.Bytes, isAnswer ? answer : request);
            }
            catch (InvalidDataException)
            {
                throw new DamagedFrameException(frame.Mark.Place);
            }
        }

        return (request, answer);
    }

    /// <summary>A body that grew over hundreds of frames would be moved to larger memory again and again.</summary>
    private static EditedBody RoomFor(List<OpenFrame> frames, bool answers) => new(frames
        .Where(frame => frame.Head.IsAnswer == answers)
        .Select(frame => BodyDelta.LengthIn(frame.Delta.Span))
        .DefaultIfEmpty()
        .Max());

    private sealed record OpenFrame(FrameMark Mark, FrameHead Head, ReadOnlyMemory<byte> Delta)
    {
        public Place Base => new(Mark.Place.Part, Mark.Place.Offset - Head.BaseDistance, Head.BaseLength);
    }
}
