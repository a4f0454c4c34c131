namespace TraceVault.Capture.Taping;

/// <summary>
/// Runs along one exchange and is told what passes, before it is passed on. This one keeps nothing: what keeps something derives from it.
/// </summary>
/// <remarks>
/// The byte path calls it, so no method throws, waits for anything but one write into the spool, or changes a byte. The request and the
/// answer can pass at the same time, on two threads.
/// </remarks>
internal class Tape
{
    /// <summary>For exchanges of which nothing is kept.</summary>
    public static readonly Tape None = new();

    protected Tape()
    {
    }

    /// <summary>The next bytes of the request's body, as the client sent them. Bytes that are sent upstream twice are told once.</summary>
    public virtual void Request(ReadOnlySpan<byte> bytes)
    {
    }

    /// <summary>The head of the answer that the client gets: the upstream's, or that of our own error.</summary>
    /// <param name="status">Of HTTP.</param>
    /// <param name="upstreamRequestId">The provider's id of the request; null for an error of our own, or when there is none.</param>
    /// <param name="headers">Those that pass to the client.</param>
    public virtual void AnswerHead(int status, string? upstreamRequestId, IHeaderDictionary headers)
    {
    }

    /// <summary>The next bytes of the answer's body.</summary>
    public virtual void Answer(ReadOnlySpan<byte> bytes)
    {
    }

    /// <summary>The exchange is over. Called once, last.</summary>
    public virtual void End(ExchangeEnd end)
    {
    }
}
