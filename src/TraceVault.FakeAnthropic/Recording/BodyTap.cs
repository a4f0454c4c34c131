using System.Security.Cryptography;

namespace TraceVault.FakeAnthropic;

/// <summary>A request body that remembers what was read from it: all bytes up to a limit, and always length and SHA-256.</summary>
internal sealed class BodyTap(Stream body, int maxKept, bool hashing, Action<BodyTap> ended) : Stream
{
    private readonly IncrementalHash? _hash = hashing ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    private MemoryStream? _kept = new();

    public long BytesRead { get; private set; }

    /// <summary>Empty once more than the limit has arrived.</summary>
    public ReadOnlyMemory<byte> Kept => _kept is { } kept ? kept.GetBuffer().AsMemory(0, (int)kept.Length) : default;

    public string Sha256 => Convert.ToHexStringLower(_hash?.GetCurrentHash() ?? []);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => BytesRead; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        if (read > 0)
        {
            Remember(buffer.Span[..read]);
        }
        else if (!buffer.IsEmpty)
        {
            ended(this);
        }

        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        BytesRead += bytes.Length;
        _hash?.AppendData(bytes);
        if (BytesRead > maxKept)
        {
            _kept = null;
        }
        else
        {
            _kept?.Write(bytes);
        }
    }
}
