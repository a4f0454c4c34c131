using System.Buffers.Text;
using System.Collections.Concurrent;

namespace TraceVault.FakeAnthropic;

/// <summary>Splits the bytes of an HTTP/1.1 connection into heads and bodies (RFC 9112 §6): each request gets its own head.</summary>
internal sealed class RawHeads
{
    private enum Part { Head, Body, ChunkSize, Chunk, Trailers, NotHttp1 }

    private readonly ConcurrentQueue<RawHead> _heads = new();
    private readonly List<byte> _bytes = [];
    private RawHead? _current;
    private Part _part;
    private long _left;

    /// <summary>The oldest head not yet taken: Kestrel consumes one head, then runs its handler, then goes on.</summary>
    public RawHead? Take() => _heads.TryDequeue(out var head) ? head : null;

    public void Consume(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _part != Part.NotHttp1)
        {
            if (_part is Part.Body or Part.Chunk)
            {
                var skipped = (int)Math.Min(_left, bytes.Length);
                bytes = bytes[skipped..];
                if ((_left -= skipped) == 0)
                {
                    _part = _part == Part.Body ? Part.Head : Part.ChunkSize;
                }

                continue;
            }

            var end = bytes.IndexOf((byte)'\n') + 1;
            _bytes.AddRange(end == 0 ? bytes : bytes[..end]);
            if (end == 0)
            {
                return;
            }

            bytes = bytes[end..];
            EndLine();
        }
    }

    private void EndLine()
    {
        var lineStart = _bytes.Count < 2 ? 0 : _bytes.LastIndexOf((byte)'\n', _bytes.Count - 2) + 1;
        var empty = _bytes.Count - lineStart <= 2 && _bytes[lineStart] is (byte)'\r' or (byte)'\n';
        switch (_part)
        {
            case Part.Head when empty && lineStart > 0:
                EndHead(RawHead.Parse([.. _bytes]));
                break;
            case Part.Head when !empty:
                return;
            case Part.ChunkSize:
                EndChunkSize();
                break;
            case Part.Trailers when empty:
                _part = Part.Head;
                break;
        }

        _bytes.Clear();
    }

    private void EndHead(RawHead head)
    {
        _heads.Enqueue(_current = head);
        _left = head.ContentLength;
        _part = head.Method == "PRI" ? Part.NotHttp1 // the HTTP/2 preface, RFC 9113 §3.4
            : head.IsChunked ? Part.ChunkSize
            : _left > 0 ? Part.Body : Part.Head;
        if (_part == Part.NotHttp1)
        {
            _heads.Clear();
        }
    }

    private void EndChunkSize()
    {
        if (!Utf8Parser.TryParse(_bytes.ToArray(), out long size, out _, 'x'))
        {
            return;
        }

        _current!.AddChunk(size);
        _left = size + 2; // the chunk's own line end
        _part = size == 0 ? Part.Trailers : Part.Chunk;
    }
}
