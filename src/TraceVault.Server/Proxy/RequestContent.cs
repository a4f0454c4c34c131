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

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        Copying = CopyAsync(_exchange.Context.Request.BodyReader, stream, cancellationToken);

    private async Task CopyAsync(PipeReader from, Stream to, CancellationToken cancel)
    {
        // A read that is given up by its token could not be followed by another one: the server could not read on to the end of the request.
        using var giveUp = _silence.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), from);
        while (true)
        {
            var read = await ReadAsync(from);
            _silence.Broken();
            if (!read.IsCompleted && read.Buffer.Length < Wanted)
            {
                from.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            try
            {
                Count(read.Buffer.Length);
                await SendAsync(read.Buffer, to, cancel);
            }
            finally
            {
                from.AdvanceTo(read.Buffer.End); // also when nobody wants the rest
            }

            _silence.Broken();
            if (read.IsCompleted)
            {
                return;
            }

            if (_length is null)
            {
                await to.FlushAsync(cancel);
            }
        }
    }

    /// <summary>How much is sent on at once: of a body whose length is known a good piece, of another one what there is.</summary>
    private long Wanted => Math.Min(Piece, (_length ?? 0) - _exchange.BytesIn);

    private async ValueTask<ReadResult> ReadAsync(PipeReader from)
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

        if (read.IsCanceled)
        {
            from.AdvanceTo(read.Buffer.Start);
            throw new OperationCanceledException("The exchange is over.");
        }

        return read;
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

    /// <summary>In one piece what came in several: a write upstream is a packet, or a record of TLS.</summary>
    private static async ValueTask SendAsync(ReadOnlySequence<byte> bytes, Stream to, CancellationToken cancel)
    {
        if (bytes.IsSingleSegment)
        {
            await to.WriteAsync(bytes.First, cancel);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(bytes.Length, Piece));
        try
        {
            while (!bytes.IsEmpty)
            {
                var piece = bytes.Slice(0, Math.Min(bytes.Length, buffer.Length));
                piece.CopyTo(buffer);
                await to.WriteAsync(buffer.AsMemory(0, (int)piece.Length), cancel);
                bytes = bytes.Slice(piece.Length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
