using System.Buffers;
using TraceVault.Capture.Spooling;

namespace TraceVault.Capture.Taping;

/// <summary>Puts every byte into the spool before it is passed on, so that a byte which a client received is in the record.</summary>
/// <remarks>What is kept of a body is always its beginning: after a byte that found no room, no later one of that body is kept.</remarks>
internal sealed class FullTape : Tape
{
    private readonly Lock _turn = new(); // an answer may come while the request is still being sent
    private readonly ExchangeStart _start;
    private readonly SpoolLog _log;
    private readonly Action<Finished> _finish;
    private AnswerHeading? _heading;
    private long _missingRequest, _missingAnswer;
    private bool _isOver;

    /// <param name="start">What is known by now.</param>
    /// <param name="log">A new log, of this exchange alone.</param>
    /// <param name="finish">Takes the log over at the end.</param>
    public FullTape(ExchangeStart start, SpoolLog log, Action<Finished> finish)
    {
        (_start, _log, _finish) = (start, log, finish);
        var bytes = ArrayPool<byte>.Shared.Rent(Finished.MaxRecord);
        Append(RecordKind.Start, bytes, start.Write(bytes));
    }

    public override void Request(ReadOnlySpan<byte> bytes) => Append(RecordKind.Request, bytes, ref _missingRequest);

    public override void AnswerHead(int status, string? upstreamRequestId, IHeaderDictionary headers)
    {
        var heading = AnswerHeading.Of(status, upstreamRequestId, headers);
        var bytes = ArrayPool<byte>.Shared.Rent(Finished.MaxRecord);
        lock (_turn)
        {
            _heading = heading;
            Append(RecordKind.AnswerHead, bytes, heading.Write(bytes));
        }
    }

    public override void Answer(ReadOnlySpan<byte> bytes) => Append(RecordKind.Answer, bytes, ref _missingAnswer);

    public override void End(ExchangeEnd end)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Finished.MaxRecord);
        lock (_turn)
        {
            if (!_isOver)
            {
                _isOver = true;
                Append(RecordKind.End, bytes, end.Write(bytes));
                _finish(new Finished(_start, _heading, end, _missingRequest + _missingAnswer, _log, null));
            }
        }
    }

    private void Append(RecordKind kind, byte[] rented, int length)
    {
        _log.Append((byte)kind, rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
    }

    private void Append(RecordKind kind, ReadOnlySpan<byte> bytes, ref long missing)
    {
        lock (_turn)
        {
            if (!_isOver)
            {
                missing += bytes.Length - (missing == 0 ? _log.Append((byte)kind, bytes) : 0);
            }
        }
    }
}
