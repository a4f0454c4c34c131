using TraceVault.Capture.Spooling;
using TraceVault.Capture.Taping;

namespace TraceVault.Capture.Recording;

/// <summary>An exchange as its log in the spool tells it.</summary>
internal sealed class Logged
{
    private Logged()
    {
    }

    public ExchangeStart? Start { get; private set; }

    /// <summary>Null when there was no answer.</summary>
    public AnswerHeading? Heading { get; private set; }

    /// <summary>Null when nobody saw the end, because the server was killed.</summary>
    public ExchangeEnd? End { get; private set; }

    public KeptBody? Request { get; private set; }

    /// <summary>Null when there was no answer.</summary>
    public KeptBody? Answer { get; private set; }

    /// <param name="log">All of it is read.</param>
    /// <param name="known">What is known of the exchange, when it ended in this process.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public static Logged Read(SpoolLog log, Finished? known)
    {
        var read = new Logged { Start = known?.Start, Heading = known?.Heading, End = known?.End };
        read.Begin();
        log.Read((kind, content) => read.Take(log.Id, (RecordKind)kind, content));
        return read;
    }

    private void Take(Guid id, RecordKind kind, ReadOnlySpan<byte> content)
    {
        switch (kind)
        {
            case RecordKind.Start when Start is null:
                Start = ExchangeStart.Read(id, content);
                Begin();
                break;
            case RecordKind.AnswerHead when Heading is null:
                Heading = AnswerHeading.Read(content);
                Begin();
                break;
            case RecordKind.End when End is null:
                End = ExchangeEnd.Read(content);
                break;
            case RecordKind.Request:
                Request?.Append(content);
                break;
            case RecordKind.Answer:
                Answer?.Append(content);
                break;
        }
    }

    private void Begin()
    {
        Request ??= Start is null ? null : new KeptBody(Start.Headers.Lines, End?.RequestBytes ?? 0);
        Answer ??= Heading is null ? null : new KeptBody(Heading.Headers, End?.AnswerBytes ?? 0);
    }
}
