using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace TraceVault.Gateway;

/// <summary>
/// A connection to the upstream over HTTP/1.1, placed between the HTTP client and the socket (or TLS). The HTTP client writes a whole
/// request before it reads. But an upstream may answer before it has read the whole request, and may then stop reading, close or reset
/// (https://github.com/dotnet/runtime/issues/119350). Decision 25 has the rules.
/// </summary>
/// <remarks>
/// While a body is being sent and something has to wait, this stream watches for an answer. Once an answer has begun, the rest of the body
/// is sent as long as it moves. It is given up after <see cref="Patience"/> without movement, or as soon as a write fails: from then on
/// writes go nowhere, and the HTTP client gets to read what the upstream sent. Such a connection takes no other request.
/// The file is long, because the read ahead, the writes and the watching share one lock: only together can they be seen to be right.
/// </remarks>
/// <param name="inner">The plain or the TLS stream.</param>
/// <param name="socket">The socket below <paramref name="inner"/>; null when it is not known, as through an <c>HTTPS_PROXY</c>.</param>
/// <param name="clock">For <see cref="Patience"/>.</param>
internal sealed class UpstreamStream(Stream inner, Socket? socket, TimeProvider clock) : Stream
{
    /// <summary>How long an upload that was already answered may stand still.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The exchange whose request is sent in this asynchronous flow. By it a connection knows that another request begins.
    /// </summary>
    public static readonly AsyncLocal<Exchange?> Sender = new();

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _givingUp = new();
    private readonly AnswerScan _answer = new();
    private readonly EarlyBytes _early = new();
    private Exchange? _exchange;
    private Task? _readingAhead;

    /// <summary>Whether the HTTP client has a read under way. It begins one when it takes a connection from its pool.</summary>
    private bool _isClientReading;

    /// <summary>Whether a request was begun and the head of its answer has not arrived yet.</summary>
    private bool _isAnswerDue;

    /// <summary>Whether the upstream is known to have closed.</summary>
    private bool _hasEnded;

    private bool _isWriting, _hasGivenUp;
    private long _written;

    private bool IsSending => _isWriting || _exchange?.Upload is { IsSending: true };

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>To be called when the body's sender has to wait: from now on, an early answer is noticed.</summary>
    public void Watch()
    {
        lock (_gate)
        {
            if (_readingAhead is null && !_isClientReading && !_answer.HasBegun && !_hasGivenUp)
            {
                _readingAhead = ReadAheadAsync();
            }
        }
    }

    /// <exception cref="NothingSentException">The connection cannot take this request; nothing of it was sent.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Sender.Value is { } sender && sender != _exchange)
        {
            Begin(sender);
        }

        if (Volatile.Read(ref _hasGivenUp))
        {
            return ValueTask.CompletedTask;
        }

        var write = inner.WriteAsync(buffer, _givingUp.Token);
        if (!write.IsCompletedSuccessfully)
        {
            return FinishAsync(write, buffer.Length);
        }

        Volatile.Write(ref _written, _written + buffer.Length);
        return write;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_readingAhead is not null || _early.Any)
            {
                return ReadWhatCameEarlyAsync(buffer);
            }

            _isClientReading = true;
        }

        return FinishAsync(inner.ReadAsync(buffer, cancellationToken), buffer);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hasEnded = true;
            inner.Dispose();
            _givingUp.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Begin(Exchange sender)
    {
        lock (_gate)
        {
            if (_hasGivenUp || _hasEnded || _early.Any || (_exchange is not null && !_isClientReading && HasMore()))
            {
                throw new NothingSentException();
            }

            _early.Clear();
            (_exchange, _isAnswerDue) = (sender, true);
            _answer.Reset();
        }

        sender.Upload?.GoesInto(this);
    }

    /// <summary>
    /// Whether, between two requests, the connection has ended or bytes have come that nobody asked for. The HTTP client checks that when
    /// it takes a connection from its pool, but not when it hands a connection from one request to the next.
    /// </summary>
    private bool HasMore()
    {
        try
        {
            return socket is not null && socket.Poll(0, SelectMode.SelectRead);
        }
        catch (ObjectDisposedException)
        {
            return true; // the previous request has closed it
        }
    }

    private async ValueTask FinishAsync(ValueTask write, int length)
    {
        _isWriting = true;
        Watch();
        try
        {
            await write;
            Interlocked.Add(ref _written, length);
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException)
        {
            GiveUp(); // what the upstream sent can still be read; if it sent nothing, the read fails
        }
        finally
        {
            _isWriting = false;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> FinishAsync(ValueTask<int> read, Memory<byte> buffer)
    {
        try
        {
            var count = await read;
            _hasEnded |= count == 0 && !buffer.IsEmpty;
            if (_isAnswerDue && !buffer.IsEmpty)
            {
                Arrived(buffer.Span[..count]);
                _isAnswerDue = !_answer.IsOver;
            }

            return count;
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException)
        {
            _hasEnded = true;
            if (IsSending)
            {
                GiveUp(); // this read was begun before the request, and nobody waits for it yet
            }

            throw;
        }
        finally
        {
            Volatile.Write(ref _isClientReading, false);
            if (_isAnswerDue)
            {
                Interlocked.MemoryBarrier(); // a sender that begins to wait now sees the flag above, or is seen below
                if (IsSending)
                {
                    Watch(); // no final answer yet, and the HTTP client reads no more before the request is sent
                }
            }
        }
    }

    private async ValueTask<int> ReadWhatCameEarlyAsync(Memory<byte> buffer)
    {
        while (true)
        {
            Task reading;
            lock (_gate)
            {
                if (_early.Any)
                {
                    _isAnswerDue = !_answer.IsOver;
                    return _early.Take(buffer.Span);
                }

                if (_readingAhead is null)
                {
                    break;
                }

                reading = _readingAhead;
            }

            await reading;
        }

        return await ReadAsync(buffer, CancellationToken.None);
    }

    private async Task ReadAheadAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // leaves the lock of the caller
        var came = ReadOnlyMemory<byte>.Empty;
        try
        {
            came = await _early.ReadAsync(inner);
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The next read fails in the same way.
        }

        lock (_gate)
        {
            _readingAhead = null;
            if (!came.IsEmpty && TryArrive(came.Span))
            {
                Watch(); // unless a final answer has begun
                return;
            }
        }

        GiveUp();
    }

    /// <returns>False when the upload has to end here. The HTTP client then reads, and fails if the head must not be passed on.</returns>
    private bool TryArrive(ReadOnlySpan<byte> bytes)
    {
        _early.Keep(bytes.Length);
        try
        {
            Arrived(bytes);
            return !_early.IsFull || _answer.HasBegun; // so many bytes and no final answer: the HTTP client has to judge them
        }
        catch (HttpIOException problem)
        {
            _early.Spoil(problem);
            return false;
        }
    }

    /// <summary>Takes note of what arrived: the beginning or another part of an answer, or the end of the connection (0 bytes).</summary>
    /// <exception cref="IOException">The connection ended without an answer.</exception>
    private void Arrived(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            // The HTTP client must not see a plain end: it would send a request without a body again, up to three times, although the
            // request may have been carried out.
            throw new IOException("The upstream closed the connection without an answer.");
        }

        if (_answer.Read(bytes) && _exchange is { } exchange && IsSending)
        {
            _ = WaitForStandstillAsync(exchange);
        }
    }

    private async Task WaitForStandstillAsync(Exchange answered)
    {
        for (var before = -1L; before != Interlocked.Read(ref _written);)
        {
            before = Interlocked.Read(ref _written);
            await Task.Delay(Patience, clock);
        }

        lock (_gate)
        {
            if (_exchange != answered || !IsSending)
            {
                return;
            }

            _hasGivenUp = true; // under the lock, before another request can begin on this connection
        }

        GiveUp();
    }

    private void GiveUp()
    {
        Volatile.Write(ref _hasGivenUp, true);
        _exchange?.Upload?.GiveUp();
        try
        {
            _givingUp.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The HTTP client has closed the connection meanwhile.
        }
    }
}
