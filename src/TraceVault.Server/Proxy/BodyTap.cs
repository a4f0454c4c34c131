namespace TraceVault.Proxy;

/// <summary>A body on its way through: counts what passes, changes nothing. The place where a capture listens.</summary>
internal abstract class BodyTap(Stream inner) : Stream
{
    protected Stream Inner { get; } = inner;

    public override bool CanRead => Inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => Inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => throw new NotSupportedException("Bodies pass asynchronously.");

    public override Task FlushAsync(CancellationToken cancellationToken) => Inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bodies pass asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bodies pass asynchronously.");

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => Inner.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>The client's body. Ends with an error, before the upstream has seen its last byte, when there is more than the limit.</summary>
internal sealed class RequestBodyTap(Stream inner, Exchange exchange, int maxBytes) : BodyTap(inner)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = Inner.ReadAsync(buffer, cancellationToken);
        return read.IsCompletedSuccessfully ? ValueTask.FromResult(Count(read.GetAwaiter().GetResult())) : CountAsync(read);
    }

    private async ValueTask<int> CountAsync(ValueTask<int> read) => Count(await read);

    private int Count(int bytes)
    {
        exchange.BytesIn += bytes;
        if (exchange.BytesIn <= maxBytes)
        {
            return bytes;
        }

        exchange.IsTooLarge = true;
        throw new IOException("The request body is larger than this server takes.");
    }
}

/// <summary>The answer's body on its way to the client.</summary>
internal sealed class ResponseBodyTap(Stream inner, Exchange exchange) : BodyTap(inner)
{
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        exchange.BytesOut += buffer.Length;
        return Inner.WriteAsync(buffer, cancellationToken);
    }
}
