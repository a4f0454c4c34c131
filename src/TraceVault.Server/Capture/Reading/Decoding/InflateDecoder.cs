using System.IO.Compression;

namespace TraceVault.Capture.Reading.Decoding;

/// <summary>
/// RFC 1952 and RFC 1950. Its name in HTTP means the latter, but some send bare deflate (RFC 1951) under it, which begins differently.
/// </summary>
internal sealed class InflateDecoder(bool isGzip) : BodyDecoder
{
    private const int ZlibMethod = 8;
    private Stream? _stream;

    protected override int Read(Span<byte> target)
    {
        if (_stream is null && Rest.IsEmpty)
        {
            return 0;
        }

        _stream ??= Open(new Pieces(this), Rest[0]);
        return _stream.Read(target);
    }

    protected override void Dispose(bool isDisposing)
    {
        _stream?.Dispose();
        base.Dispose(isDisposing);
    }

    private Stream Open(Pieces pieces, byte first) =>
        isGzip ? new GZipStream(pieces, CompressionMode.Decompress)
        : (first & 0xF) == ZlibMethod ? new ZLibStream(pieces, CompressionMode.Decompress)
        : new DeflateStream(pieces, CompressionMode.Decompress);

    /// <summary>Has ended whenever the piece has; a stream that is asked again reads on when there is another piece.</summary>
    private sealed class Pieces(InflateDecoder decoder) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            var length = Math.Min(buffer.Length, decoder.Rest.Length);
            decoder.Rest[..length].CopyTo(buffer);
            decoder.Take(length);
            return length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
