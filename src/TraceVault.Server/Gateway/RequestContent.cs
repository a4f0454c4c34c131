using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace TraceVault.Gateway;

/// <summary>The client's body on its way to the upstream: counted, otherwise untouched.</summary>
internal sealed class RequestContent : HttpContent
{
    /// <summary>The largest piece that is sent at once, in bytes.</summary>
    private const int Piece = 64 << 10;

    /// <summary>How long what was read may wait for what follows, to be sent with it.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(25);

    private readonly Exchange _exchange;
    private readonly SilenceLimit _silence;
    private readonly PipeReader _from;
    private readonly long? _length;

    private readonly TimeProvider _clock;

    /// <summary>
    /// What was read last; of it the first part is sent. It stays until there is no room for more, so that it can be sent once more.
    /// </summary>
    private byte[] _piece = [];
    private int _filled, _sentOfPiece;
    private long _sent;
    private bool _isOver, _isOverwritten;

    /// <summary>Whether something waits for more: the head, or a part of the body. If so and the client pauses, the timer runs.</summary>
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

    /// <summary>How many bytes are taken.</summary>
    public int MaxBytes { get; }

    /// <summary>The sending of the body; null until it begins.</summary>
    public Task? Copying { get; private set; }

    /// <summary>Whether the body is under way.</summary>
    public bool IsSending => _isSending;

    /// <summary>Whether all of it was read from the client.</summary>
    public bool IsOver => _isOver;

    /// <summary>Whether it was the client's side that broke.</summary>
    public bool HasClientFailed { get; private set; }

    /// <returns>Null when the request has no body, which is another thing than one of length 0.</returns>
    public static RequestContent? Of(Exchange exchange, SilenceLimit silence, TimeProvider clock, int maxBytes) =>
        exchange.Context.Request.ContentLength switch
        {
            0 => null,
            null when exchange.Context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not true => null,
            _ => new RequestContent(exchange, silence, clock, maxBytes),
        };

    /// <summary>
    /// Lifts limits of Kestrel's that are the management API's: of size, which would also cut short the reading of what we refuse, and of
    /// speed.
    /// </summary>
    public static void LiftLimits(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    /// <summary>Which connection the body goes into, so that it can tell of an early answer.</summary>
    public void GoesInto(UpstreamStream stream) => _stream = stream;

    /// <summary>The upstream has answered and takes no more: the rest stays with the client.</summary>
    public void GiveUp()
    {
        _hasGivenUp = true;
        WakeReader();
    }

    /// <summary>The answer has begun, or failed for good: nothing is kept any more to be sent once more.</summary>
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

    /// <param name="stream">Into a connection, or a stream of one.</param>
    /// <param name="context">Not needed.</param>
    /// <param name="cancellationToken">The HTTP client's: over HTTP/2 cancelled when the upstream resets the stream, but not once the
    /// answer has begun.</param>
    /// <exception cref="InvalidOperationException">The body was begun before, and what was read of it is gone.</exception>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        Copying = Copying is { } before ? CopyAgainAsync(before, stream, cancellationToken) : CopyOnceAsync(stream, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        Forget();
        _timer?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The HTTP client tries again when an upstream refuses a stream (RFC 9113 §8.7), and we when nothing was sent.</summary>
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

    /// <summary>Over HTTP/1.1 the HTTP client's token is the one that it was called with, and drops nothing that we do not drop.</summary>
    private Task CopyOnceAsync(Stream to, CancellationToken dropped) =>
        dropped == _silence.Token ? CopyAsync(to, dropped) : CopyIntoStreamAsync(to, dropped);

    /// <summary>
    /// The HTTP client looks at why a stream was reset, and whether to send the request again, only if it hears of that before the body
    /// fails. So a body that it dropped fails no sooner than it is asked for again, or the request is over.
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
    /// In pieces as large as may be where the length is known, otherwise in those that come: a write upstream is a packet, or a record of
    /// TLS. When the client pauses, what it has sent goes on, and first of all the head: an upstream may refuse a request by that alone.
    /// </summary>
    private async Task CopyAsync(Stream to, CancellationToken dropped)
    {
        var cancel = _silence.Token;
        (_isSending, _isHeldBack, _dropped) = (true, true, dropped);
        // Not by the token: a read that was given up so could not be followed by another, and the server could not read to the end of the
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
            await SendAsync(to, cancel); // what was read before, once more
            while (!_isOver && !_hasGivenUp)
            {
                await CopyNextAsync(to, cancel);
                _silence.Moved();
            }

            if (_hasGivenUp)
            {
                await PretendAsync(to, cancel);
            }
        }
        finally
        {
            _isSending = false;
            if (_timer is not null)
            {
                await _timer.DisposeAsync(); // a reader that it wakes later would be another request's
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
                (rest, _filled, _isHeldBack) = (rest.Slice(fits), _filled + fits, true);
                if (_filled == _piece.Length)
                {
                    await SendAsync(to, cancel);
                }
            }
        }
        finally
        {
            // Nearly always all of it: Kestrel wakes readers for reasons of its own, and hides that only from those who leave nothing
            // behind.
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
    /// The HTTP client reads no answer before it has written as much as was said. What it writes now goes nowhere, see <see
    /// cref="UpstreamStream"/>.
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
        catch (Exception problem) when (problem is IOException or OperationCanceledException) // a BadHttpRequestException is one, too
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

    /// <summary>Once for all that comes while it runs: setting it for each piece would cost more than it is worth.</summary>
    private void SetTimer()
    {
        if (_isHeldBack && !_isTimed)
        {
            _isTimed = true;
            if (_timer is null)
            {
                _timer = _clock.CreateTimer(static content =>
                    ((RequestContent)content!).HasWaited(), this, LongestWait, Timeout.InfiniteTimeSpan);
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
            // The connection is broken, and so is the read.
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
