using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace TraceVault.Gateway;

/// <summary>The client's body on its way to the upstream: counted, otherwise untouched.</summary>
/// <remarks>
/// A long file, because sending the body, passing a pause on, giving up and sending again work on the same buffer and the same counts:
/// taken apart, each part would have to tell the others what it has sent.
/// </remarks>
internal sealed class RequestContent : HttpContent
{
    /// <summary>The largest piece that is sent at once, in bytes.</summary>
    private const int Piece = 64 << 10;

    /// <summary>How long bytes that were read may wait to be sent together with those that follow.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(25);

    private readonly Exchange _exchange;
    private readonly SilenceLimit _silence;
    private readonly PipeReader _from;
    private readonly long? _length;

    private readonly TimeProvider _clock;

    /// <summary>
    /// The bytes that were read last, of which the first <see cref="_sentOfPiece"/> have been sent. They stay here until there is no room
    /// for more, so that they can be sent again.
    /// </summary>
    private byte[] _piece = [];
    private int _filled, _sentOfPiece;
    private long _sent;
    private bool _isOver, _isOverwritten;

    /// <summary>
    /// Whether the head or a part of the body waits to be flushed. While that is so, a pause of the client starts the timer.
    /// </summary>
    private bool _isHeldBack, _isTimed;
    private ITimer? _timer;
    private CancellationToken _dropped;
    private TaskCompletionSource? _isTakenBack;
    private UpstreamStream? _stream;
    private volatile bool _isSending, _hasGivenUp, _hasWaited;

    private RequestContent(Exchange exchange, SilenceLimit silence, TimeProvider clock, int maxBytes)
    {
        (_exchange, _silence, _clock, MaxBytes) = (exchange, silence, clock, maxBytes);
        _from = exchange.Context.Request.BodyReader;
        _length = exchange.Context.Request.ContentLength;
    }

    /// <summary>The largest body that is taken, in bytes.</summary>
    public int MaxBytes { get; }

    /// <summary>The task that sends the body; null until it begins.</summary>
    public Task? Copying { get; private set; }

    public bool IsSending => _isSending;

    /// <summary>Whether the whole body was read from the client.</summary>
    public bool IsOver => _isOver;

    /// <summary>Whether reading from the client failed.</summary>
    public bool HasClientFailed { get; private set; }

    /// <returns>
    /// Null when there is nothing to copy, because the request has no body or one of length 0. <see cref="GatewayHeaders.WriteRequest"/>
    /// tells the two apart.
    /// </returns>
    public static RequestContent? Of(Exchange exchange, SilenceLimit silence, TimeProvider clock, int maxBytes) =>
        exchange.Context.Request.ContentLength switch
        {
            0 => null,
            null when exchange.Context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not true => null,
            _ => new RequestContent(exchange, silence, clock, maxBytes),
        };

    /// <summary>
    /// Lifts Kestrel's limits on the size and the speed of a body, which are meant for the management API. The limit on size would also
    /// keep the server from reading a refused body to its end.
    /// </summary>
    public static void LiftLimits(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    /// <summary>Sets the connection that the body is written to, which can watch for an early answer.</summary>
    public void GoesInto(UpstreamStream stream) => _stream = stream;

    /// <summary>Ends the upload, because the upstream takes no more of it. The rest stays with the client.</summary>
    public void GiveUp()
    {
        _hasGivenUp = true;
        WakeReader();
    }

    /// <summary>
    /// Gives the buffer back. To be called once the request cannot be sent again: its answer has begun, or it failed for good.
    /// </summary>
    public void Forget()
    {
        if (!_isSending && _piece.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_piece);
            (_piece, _isOverwritten) = ([], true);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length ?? 0;
        return _length is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <param name="stream">Leads into a connection, or into one stream of a connection.</param>
    /// <param name="context">Not needed.</param>
    /// <param name="cancellationToken">The HTTP client's token. Over HTTP/2 it is cancelled when the upstream resets the stream, but not
    /// once the answer has begun.</param>
    /// <exception cref="InvalidOperationException">The body was begun before, and some of the bytes that were read are gone.</exception>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        Copying = Copying is { } before ? CopyAgainAsync(before, stream, cancellationToken) : CopyOnceAsync(stream, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        Forget();
        _timer?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>
    /// Sends the body again: the HTTP client does so when an upstream refuses a stream (RFC 9113 §8.7), and <see cref="Forwarder"/> when
    /// nothing was sent.
    /// </summary>
    private async Task CopyAgainAsync(Task before, Stream to, CancellationToken dropped)
    {
        _isTakenBack?.TrySetResult();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_isOverwritten)
        {
            throw new InvalidOperationException("The body of a request can be sent once.");
        }

        await CopyOnceAsync(to, dropped);
    }

    /// <summary>
    /// Over HTTP/1.1 the HTTP client passes on the token that it was called with, so it drops no body that we do not drop. Over HTTP/2 it
    /// has a token of its own.
    /// </summary>
    private Task CopyOnceAsync(Stream to, CancellationToken dropped) =>
        dropped == _silence.Token ? CopyAsync(to, dropped) : CopyIntoStreamAsync(to, dropped);

    /// <summary>
    /// The HTTP client looks at why a stream was reset, and whether to send the request again, only if it learns of the reset before the
    /// body fails. So when the HTTP client drops a body, this task fails only once the body is asked for again or the request is over.
    /// </summary>
    private async Task CopyIntoStreamAsync(Stream to, CancellationToken dropped)
    {
        _isTakenBack = new TaskCompletionSource();
        try
        {
            await CopyAsync(to, dropped);
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException && dropped.IsCancellationRequested)
        {
            await _isTakenBack.Task.WaitAsync(_silence.Token);
            throw;
        }
    }

    /// <summary>
    /// Sends the body in pieces that are as large as possible where its length is known, because every write upstream is a packet or a TLS
    /// record, and otherwise in the pieces that come. When the client pauses, all that it has sent is passed on, even if that is only the
    /// head: an upstream may refuse a request for its head alone.
    /// </summary>
    /// <remarks>
    /// 1. Have the read woken when the exchange is cancelled or the HTTP client drops the body. 2. Send again what an earlier attempt has
    /// read. 3. Read from the client and send, until the body is over or the upload is given up. 4. If it was given up, fill up the
    /// announced length. 5. Stop the timer.
    /// </remarks>
    private async Task CopyAsync(Stream to, CancellationToken dropped)
    {
        var cancel = _silence.Token;
        (_isSending, _isHeldBack, _dropped) = (true, true, dropped);
        // 1. The tokens do not cancel the read itself: no other read could follow it, and the server could not read to the end of the
        // request.
        using var giveUp = cancel.UnsafeRegister(static content => ((RequestContent)content!).WakeReader(), this);
        using var drop = dropped.UnsafeRegister(static content => ((RequestContent)content!).WakeReader(), this);
        try
        {
            if (_piece.Length == 0)
            {
                _piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(Piece, _length ?? Piece));
            }

            (_sentOfPiece, _sent) = (0, 0);
            await SendAsync(to, cancel); // 2.
            while (!_isOver && !_hasGivenUp) // 3.
            {
                await CopyNextAsync(to, cancel);
                _silence.Moved();
            }

            if (_hasGivenUp) // 4.
            {
                await PretendAsync(to, cancel);
            }
        }
        finally
        {
            _isSending = false;
            if (_timer is not null) // 5.
            {
                await _timer.DisposeAsync(); // if it fired later, it would wake the reader of another request
                (_timer, _isTimed) = (null, false);
            }
        }
    }

    private async Task CopyNextAsync(Stream to, CancellationToken cancel)
    {
        var read = await ReadAsync(cancel);
        var rest = read.Buffer;
        try
        {
            while (!rest.IsEmpty && !_hasGivenUp)
            {
                if (_filled == _piece.Length)
                {
                    (_filled, _sentOfPiece, _isOverwritten) = (0, 0, true);
                }

                var fits = (int)Math.Min(rest.Length, _piece.Length - _filled);
                Count(fits);
                rest.Slice(0, fits).CopyTo(_piece.AsSpan(_filled));
                _exchange.Tape.Request(_piece.AsSpan(_filled, fits));
                (rest, _filled, _isHeldBack) = (rest.Slice(fits), _filled + fits, true);
                if (_filled == _piece.Length)
                {
                    await SendAsync(to, cancel);
                }
            }
        }
        finally
        {
            // Nearly always everything is consumed: Kestrel wakes readers for reasons of its own, and hides that only from readers that
            // leave nothing behind.
            _from.AdvanceTo(rest.Start);
        }

        if (_length is null || _exchange.BytesIn >= _length || _hasWaited)
        {
            await SendAsync(to, cancel);
        }

        if (_length is null || _hasWaited)
        {
            (_isHeldBack, _hasWaited) = (false, false);
            await to.FlushAsync(cancel);
        }

        _isOver = read.IsCompleted;
    }

    private async ValueTask SendAsync(Stream to, CancellationToken cancel)
    {
        var part = _piece.AsMemory(_sentOfPiece.._filled);
        if (!part.IsEmpty)
        {
            _sentOfPiece = _filled;
            await to.WriteAsync(part, cancel);
            _sent += part.Length;
        }
    }

    /// <summary>
    /// Writes until the announced length is reached, because the HTTP client reads no answer before that. <see cref="UpstreamStream"/>
    /// drops these bytes.
    /// </summary>
    private async Task PretendAsync(Stream to, CancellationToken cancel)
    {
        for (; _sent < _length; _sent += Math.Min(_piece.Length, _length.Value - _sent))
        {
            await to.WriteAsync(_piece.AsMemory(0, (int)Math.Min(_piece.Length, _length.Value - _sent)), cancel);
        }
    }

    private async ValueTask<ReadResult> ReadAsync(CancellationToken cancel)
    {
        ReadResult read;
        try
        {
            var reading = _from.ReadAsync(CancellationToken.None);
            if (!reading.IsCompleted)
            {
                _silence.IsOfUpload = true;
                _stream?.Watch();
                SetTimer();
            }

            read = await reading;
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException) // a BadHttpRequestException is an IOException
        {
            HasClientFailed = true;
            throw;
        }

        if (read.IsCanceled && (cancel.IsCancellationRequested || _dropped.IsCancellationRequested))
        {
            _from.AdvanceTo(cancel.IsCancellationRequested ? read.Buffer.End : read.Buffer.Start);
            throw new OperationCanceledException();
        }

        _silence.IsOfUpload = false;
        return read;
    }

    /// <summary>
    /// Sets the timer once for all bytes that come while it runs: setting it for each piece would cost more than it is worth.
    /// </summary>
    private void SetTimer()
    {
        if (_isHeldBack && !_isTimed)
        {
            _isTimed = true;
            if (_timer is null)
            {
                _timer = _clock.CreateTimer(
                    static content => ((RequestContent)content!).HasWaited(), this, LongestWait, Timeout.InfiniteTimeSpan);
            }
            else
            {
                _timer.Change(LongestWait, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void HasWaited()
    {
        (_isTimed, _hasWaited) = (false, true);
        WakeReader();
    }

    private void WakeReader()
    {
        try
        {
            _from.CancelPendingRead();
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The connection is broken, so the read fails anyway.
        }
    }

    private void Count(long bytes)
    {
        _exchange.BytesIn += bytes;
        if (_exchange.BytesIn > MaxBytes)
        {
            _exchange.IsTooLarge = true;
            throw new IOException("The request body is larger than this server takes.");
        }
    }
}
