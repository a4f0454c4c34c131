using System.Buffers;
using System.IO.Compression;

namespace TraceVault.Capture.Reading.Decoding;

/// <summary>RFC 7932.</summary>
internal sealed class BrotliBodyDecoder : BodyDecoder
{
    private BrotliDecoder _decoder;
    private bool _isDone;

    protected override int Read(Span<byte> target)
    {
        if (_isDone)
        {
            return 0;
        }

        var status = _decoder.Decompress(Rest, target, out var taken, out var written);
        Take(taken);
        _isDone = status == OperationStatus.Done;
        return status == OperationStatus.InvalidData ? throw new InvalidDataException() : written;
    }

    protected override void Dispose(bool isDisposing)
    {
        _decoder.Dispose();
        base.Dispose(isDisposing);
    }
}
