using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace TraceVault.Proxy;

/// <summary>The client's body on its way to the upstream: counted, otherwise untouched.</summary>
internal sealed class RequestContent : HttpContent
{
    /// <summary>The largest piece that is sent at once, in bytes.</summary>
    private const int Piece = 64 << 10;

    private readonly Exchange _exchange;
    private readonly SilenceLimit _silence;
    private readonly int _maxBytes;
    private readonly long? _length;

    private RequestContent(Exchange exchange, SilenceLimit silence, int maxBytes)
    {
        (_exchange, _silence, _maxBytes) = (exchange, silence, maxBytes);
        _length = exchange.Context.Request.ContentLength;
    }

    /// <summary>The sending of the body; null until it begins.</summary>
    public Task? Copying { get; private set; }

    /// <summary>Whether it was the client's side that broke.</summary>
    public bool HasClientFailed { get; private set; }

    /// <returns>Null when the request has no body, which is another thing than one of length 0.</returns>
    public static HttpContent? Of(Exchange exchange, SilenceLimit silence, int maxBytes) => exchange.Context.Request.ContentLength switch
    {
        0 => new ReadOnlyMemoryContent(ReadOnlyMemory<byte>.Empty),
        null when exchange.Context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not true => null,
        _ => new RequestContent(exchange, silence, maxBytes),
    };

    /// <summary>Lifts limits of Kestrel's that are the management API's: of size, which would also cut short the reading of what we refuse, and of speed.</summary>
    public static void LiftLimits(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length ?? 0;
        return _length is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Copying is not null)
        {
            // The HTTP client tries again when an upstream refuses a stream (RFC 9113 §8.7), but what was read once is gone.
            throw new InvalidOperationException("The body of a request can be sent once.");
        }

        // The silence's token: over HTTP/2 the client's own does not end the sending once the answer has begun.
        return Copying = CopyAsync(_exchange.Context.Request.BodyReader, stream, _silence.Token);
    }

    /// <summary>In pieces as large as may be where the length is known, otherwise in those that come: a write upstream is a packet, or a record of TLS.</summary>
    private async Task CopyAsync(PipeReader from, Stream to, CancellationToken cancel)
    {
        // Not by the token: a read that was given up so could not be followed by another one, and the server could not read on to the end of the request.
        using var giveUp = cancel.UnsafeRegister(GiveUp, from);
        var piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(Piece, _length ?? Piece));
        try
        {
            for (var (filled, isOver) = (0, false); !isOver;)
            {
                var read = await ReadAsync(from, cancel);
                isOver = read.IsCompleted;
                try
                {
                    Count(read.Buffer.Length);
                    foreach (var segment in read.Buffer)
                    {
                        for (var rest = segment; !rest.IsEmpty;)
                        {
                            var fits = Math.Min(rest.Length, piece.Length - filled);
                            rest[..fits].CopyTo(piece.AsMemory(filled));
                            (filled, rest) = (filled + fits, rest[fits..]);
                            if (filled == piece.Length)
                            {
                                await to.WriteAsync(piece, cancel);
                                filled = 0;
                            }
                        }
                    }
                }
                finally
                {
                    from.AdvanceTo(read.Buffer.End); // all of it, always: Kestrel wakes readers for reasons of its own, and hides it only from those who leave nothing behind
                }

                if (filled > 0 && _exchange.BytesIn >= (_length ?? 0))
                {
                    await to.WriteAsync(piece.AsMemory(0, filled), cancel);
                    filled = 0;
                }

                if (_length is null)
                {
                    await to.FlushAsync(cancel);
                }

                _silence.Broken();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private async ValueTask<ReadResult> ReadAsync(PipeReader from, CancellationToken cancel)
    {
        ReadResult read;
        try
        {
            read = await from.ReadAsync(CancellationToken.None);
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException) // a BadHttpRequestException is one, too
        {
            HasClientFailed = true;
            throw;
        }

        if (read.IsCanceled && cancel.IsCancellationRequested)
        {
            from.AdvanceTo(read.Buffer.End);
            throw new OperationCanceledException(cancel);
        }

        return read;
    }

    private static void GiveUp(object? reader)
    {
        try
        {
            ((PipeReader)reader!).CancelPendingRead();
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The connection is broken, and so is the read.
        }
    }

    private void Count(long bytes)
    {
        _exchange.BytesIn += bytes;
        if (_exchange.BytesIn > _maxBytes)
        {
            _exchange.IsTooLarge = true;
            throw new IOException("The request body is larger than this server takes.");
        }
    }
}
