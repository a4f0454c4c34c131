using System.Buffers;
using System.Collections.Concurrent;
using TraceVault.Capture.Reading;

namespace TraceVault.Capture.Taping;

/// <summary>
/// Keeps no byte of a body: copies are read in memory, away from the byte path, and dropped. What was read of them is kept.
/// </summary>
/// <remarks>
/// The byte path only copies. A full piece, or the last one, is handed to the thread pool, which reads the pieces in order, one at a time.
/// </remarks>
/// <param name="start">What is known by now.</param>
/// <param name="finish">Takes over what was read, when the exchange is over.</param>
internal sealed class UsageTape(ExchangeStart start, Action<Finished> finish) : Tape, IThreadPoolWorkItem
{
    /// <summary>In bytes. A stream that is silent holds one such piece.</summary>
    private const int Piece = 2 << 10;

    /// <summary>How much of a request is kept in memory, in bytes, where its beginning does not say enough.</summary>
    private const int MostOfRequest = 1 << 20;

    /// <summary>How many bytes of answers may wait to be read, of all exchanges together. What comes while more wait is not read.</summary>
    private const long MostWaiting = 64 << 20;

    private static long _waiting;

    private readonly Lock _turn = new();
    private readonly ConcurrentQueue<(byte[] Bytes, int Length)> _pieces = new();
    private readonly int _mostOfRequest = start.SessionKey is not null ? Piece : MostOfRequest;
    private byte[] _request = [], _piece = [];
    private int _requestLength, _filled, _isScheduled;
    private bool _isRequestCut, _isAnswerCut;
    private AnswerHeading? _heading;
    private AnswerReader? _reader;
    private volatile ExchangeEnd? _end;

    public override void Request(ReadOnlySpan<byte> bytes)
    {
        lock (_turn)
        {
            var fits = bytes[..Math.Min(bytes.Length, _mostOfRequest - _requestLength)];
            _isRequestCut |= fits.Length < bytes.Length;
            if (fits.Length > 0 && _end is null)
            {
                Grow(ref _request, _requestLength, _requestLength + fits.Length);
                fits.CopyTo(_request.AsSpan(_requestLength));
                _requestLength += fits.Length;
            }
        }
    }

    public override void AnswerHead(int status, string? upstreamRequestId, IHeaderDictionary headers) =>
        _heading = AnswerHeading.OfBody(status, upstreamRequestId, headers);

    public override void Answer(ReadOnlySpan<byte> bytes)
    {
        lock (_turn)
        {
            while (!bytes.IsEmpty && !_isAnswerCut && _end is null)
            {
                Grow(ref _piece, 0, Piece);
                var fits = bytes[..Math.Min(bytes.Length, _piece.Length - _filled)];
                fits.CopyTo(_piece.AsSpan(_filled));
                bytes = bytes[fits.Length..];
                _filled += fits.Length;
                if (_filled == _piece.Length)
                {
                    HandOver();
                }
            }
        }
    }

    public override void End(ExchangeEnd end)
    {
        lock (_turn)
        {
            if (_end is null)
            {
                HandOver();
                _end = end;
                Schedule();
            }
        }
    }

    /// <summary>Reads what waits; runs on one thread at a time.</summary>
    public void Execute()
    {
        try
        {
            Read();
        }
        catch (Exception) when (_end is { } end)
        {
            // No fault of a reader may end the server: the exchange is recorded without what it said.
            finish(new Finished(start, _heading, end, 0, null, new ExchangeFacts(RequestFacts.None, new AnswerFacts())));
        }
        catch (Exception)
        {
            _isAnswerCut = true;
            Volatile.Write(ref _isScheduled, 0);
        }
    }

    private void Read()
    {
        var end = _end; // read before the pieces: all that it ends were handed over by then
        while (_pieces.TryDequeue(out var piece))
        {
            _reader ??= new AnswerReader(_heading?.ContentType, _heading?.ContentEncoding, _heading?.Status ?? 0);
            _reader.Push(piece.Bytes.AsSpan(0, piece.Length));
            Interlocked.Add(ref _waiting, -piece.Length);
            ArrayPool<byte>.Shared.Return(piece.Bytes);
        }

        if (end is not null)
        {
            Finish(end);
            return;
        }

        Volatile.Write(ref _isScheduled, 0);
        if (!_pieces.IsEmpty || _end is not null)
        {
            Schedule();
        }
    }

    private void Finish(ExchangeEnd end)
    {
        var facts = new ExchangeFacts(
            RequestReader.Read(_request.AsSpan(0, _requestLength), start.Headers["content-encoding"]),
            _reader?.Complete(end.Outcome == "ok" && !_isAnswerCut) ?? new AnswerFacts());
        if (_request.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_request);
        }

        finish(new Finished(start, _heading, end, 0, null, facts));
    }

    private void HandOver()
    {
        if (_filled > 0)
        {
            _pieces.Enqueue((_piece, _filled));
            _isAnswerCut = Interlocked.Add(ref _waiting, _filled) > MostWaiting;
            (_piece, _filled) = ([], 0);
            Schedule();
        }
    }

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _isScheduled, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Makes room for so many bytes, and keeps those that are there.</summary>
    private static void Grow(ref byte[] bytes, int filled, int needed)
    {
        if (bytes.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * filled));
            bytes.AsSpan(0, filled).CopyTo(larger);
            if (bytes.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }

            bytes = larger;
        }
    }
}
