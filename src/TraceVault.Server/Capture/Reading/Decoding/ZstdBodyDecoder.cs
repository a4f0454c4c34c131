using System.Buffers;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace TraceVault.Capture.Reading.Decoding;

/// <summary>RFC 8878, with a window of at most 8 MiB, as RFC 9659 asks of HTTP: memory is not for the sender to choose.</summary>
internal sealed class ZstdBodyDecoder : BodyDecoder
{
    private const int MaxWindowLog = 23;
    private readonly Decompressor _decoder = new();

    public ZstdBodyDecoder() => _decoder.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaxWindowLog);

    protected override int Read(Span<byte> target)
    {
        // A call that writes nothing may have read a header: it needs more only when it left nothing, or could do nothing.
        while (true)
        {
            var status = _decoder.UnwrapStream(Rest, target, out var taken, out var written);
            Take(taken);
            if (status == OperationStatus.InvalidData)
            {
                throw new InvalidDataException();
            }

            if (written > 0 || taken == 0 || Rest.IsEmpty)
            {
                return written;
            }
        }
    }

    protected override bool IsBadInput(Exception error) => error is ZstdException || base.IsBadInput(error);

    protected override void Dispose(bool isDisposing)
    {
        _decoder.Dispose();
        base.Dispose(isDisposing);
    }
}
