namespace TraceVault.Capture.Parts;

/// <summary>One exchange of a trace, in clear: what the next one can be written as a delta against.</summary>
/// <param name="Frame">The last frame that holds some of it: what depends on it depends on all before it.</param>
/// <param name="Request">The body of the request; never changed.</param>
/// <param name="Answer">The body of the answer, or that of the answer before where this one has none; never changed.</param>
internal sealed record Turn(FrameMark Frame, byte[] Request, byte[] Answer)
{
    /// <summary>The memory it takes, in bytes.</summary>
    public long Size => Request.Length + (long)Answer.Length;
}

/// <summary>What a frame says of the one that it depends on.</summary>
/// <param name="Place">Where that one is.</param>
/// <param name="Depth">How many frames that one depends on.</param>
/// <param name="Tag">The first eight bytes of that one's tag, so that nothing else can stand in for it.</param>
internal readonly record struct FrameMark(Place Place, int Depth, ulong Tag);
