using System.Buffers;

namespace TraceVault.Capture.Reading.Decoding;

/// <summary>Decodes a compressed body piece by piece, for reading only: what is kept and passed on are the bytes as they came.</summary>
internal abstract class BodyDecoder : IDisposable
{
    /// <summary>The most that is decoded of one body, in bytes: a bomb costs less than a second and no memory.</summary>
    public const int MaxDecoded = 256 << 20;

    /// <summary>The most that is decoded at once, in bytes.</summary>
    private const int Step = 32 << 10;

    private readonly HeldBytes _piece = new(int.MaxValue);
    private int _taken;
    private long _decoded;

    /// <summary>What of the piece is still to be decoded.</summary>
    protected ReadOnlySpan<byte> Rest => _piece.Bytes[_taken..];

    public static bool IsIdentity(string? contentEncoding) =>
        string.IsNullOrWhiteSpace(contentEncoding) || contentEncoding.Trim().Equals("identity", StringComparison.OrdinalIgnoreCase);

    /// <param name="contentEncoding">The header of that name.</param>
    /// <returns>Null for one that is not known, and for several: no provider sends those.</returns>
    public static BodyDecoder? For(string? contentEncoding) => contentEncoding?.Trim().ToUpperInvariant() switch
    {
        "GZIP" or "X-GZIP" => new InflateDecoder(isGzip: true),
        "DEFLATE" => new InflateDecoder(isGzip: false),
        "BR" => new BrotliBodyDecoder(),
        "ZSTD" => new ZstdBodyDecoder(),
        _ => null,
    };

    /// <param name="state">Handed to the sink.</param>
    /// <param name="sink">Takes what was decoded; false when it wants no more.</param>
    /// <returns>
    /// False when no more can be read: the bytes are not what the header says, there are too many, or the sink has had enough.
    /// </returns>
    public bool Decode<T>(ReadOnlySpan<byte> piece, T state, Func<ReadOnlySpan<byte>, T, bool> sink)
    {
        _piece.Append(piece);
        var target = ArrayPool<byte>.Shared.Rent(Step);
        try
        {
            while (Read(target) is var read and > 0)
            {
                _decoded += read;
                if (_decoded > MaxDecoded || !sink(target.AsSpan(0, read), state))
                {
                    return false;
                }
            }

            return true;
        }
        catch (Exception error) when (IsBadInput(error))
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(target);
            _piece.Clear();
            _taken = 0;
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Decodes some of <see cref="Rest"/>.</summary>
    /// <returns>How many bytes; 0 when it needs more, or the end was reached.</returns>
    /// <exception cref="InvalidDataException">It can't be decoded.</exception>
    protected abstract int Read(Span<byte> target);

    protected virtual bool IsBadInput(Exception error) => error is InvalidDataException or IOException;

    protected void Take(int bytes) => _taken += bytes;

    protected virtual void Dispose(bool isDisposing) => _piece.Dispose();
}
