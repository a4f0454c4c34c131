using System.Numerics;
using ZstdSharp.Unsafe;
using static ZstdSharp.Unsafe.Methods;

namespace TraceVault.Capture.Parts;

/// <summary>
/// Zstandard (RFC 8878) with a prefix: bytes that both sides have and that the packed form refers to. The only unsafe code of the server,
/// because the package offers prefixes by pointers alone. For one thread at a time.
/// </summary>
internal sealed unsafe class Zstd : IDisposable
{
    /// <summary>Above this, long matches are searched for as well: the ordinary tables would forget most of the prefix.</summary>
    private const int LongPrefix = 256 << 10;

    /// <summary>The window is 2^21 bytes by itself, and 2^27 is the largest that decoders take.</summary>
    private const int OrdinaryWindow = 21, LargestWindow = 27;

    private const int Level = 3;

    private ZSTD_CCtx_s* _packing;
    private ZSTD_DCtx_s* _unpacking;

    ~Zstd() => Free();

    /// <summary>The most bytes that packing so many may give.</summary>
    public static int Bound(int length) => checked((int)ZSTD_compressBound((nuint)length));

    /// <returns>How many bytes were written to <paramref name="packed"/>, which must have <see cref="Bound"/> bytes.</returns>
    public int Pack(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> plain, Span<byte> packed)
    {
        var window = Math.Min(LargestWindow, BitOperations.Log2((uint)(prefix.Length + plain.Length)) + 1);
        var isLong = prefix.Length > LongPrefix;
        _packing = _packing is null ? ZSTD_createCCtx() : _packing;
        Check(ZSTD_CCtx_reset(_packing, ZSTD_ResetDirective.ZSTD_reset_session_and_parameters));
        Check(ZSTD_CCtx_setParameter(_packing, ZSTD_cParameter.ZSTD_c_compressionLevel, Level));
        if (isLong)
        {
            Check(ZSTD_CCtx_setParameter(_packing, ZSTD_cParameter.ZSTD_c_enableLongDistanceMatching, 1));
            Check(ZSTD_CCtx_setParameter(_packing, ZSTD_cParameter.ZSTD_c_windowLog, Math.Max(window, OrdinaryWindow)));
        }

        fixed (byte* before = prefix, from = plain, to = packed)
        {
            Check(ZSTD_CCtx_refPrefix(_packing, before, (nuint)prefix.Length));
            var written = ZSTD_compress2(_packing, to, (nuint)packed.Length, from, (nuint)plain.Length);
            GC.KeepAlive(this);
            return (int)Check(written);
        }
    }

    /// <param name="prefix">As when it was packed.</param>
    /// <param name="packed">One frame, which states the length of its content.</param>
    /// <param name="plain">Receives the content, and has its length.</param>
    /// <exception cref="InvalidDataException">The packed bytes are no such frame.</exception>
    public void Unpack(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> packed, Span<byte> plain)
    {
        fixed (byte* before = prefix, from = packed, to = plain)
        {
            if (ZSTD_findFrameCompressedSize(from, (nuint)packed.Length) != (nuint)packed.Length
                || ZSTD_getFrameContentSize(from, (nuint)packed.Length) != (ulong)plain.Length)
            {
                throw new InvalidDataException("The packed bytes are not one frame of the stated length.");
            }

            _unpacking = _unpacking is null ? ZSTD_createDCtx() : _unpacking;
            Check(ZSTD_DCtx_reset(_unpacking, ZSTD_ResetDirective.ZSTD_reset_session_and_parameters));
            Check(ZSTD_DCtx_refPrefix(_unpacking, before, (nuint)prefix.Length));
            var read = ZSTD_decompressDCtx(_unpacking, to, (nuint)plain.Length, from, (nuint)packed.Length);
            GC.KeepAlive(this);
            if (ZSTD_isError(read) || read != (nuint)plain.Length)
            {
                throw new InvalidDataException("The packed bytes cannot be unpacked.");
            }
        }
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Free();
    }

    private static nuint Check(nuint result) =>
        ZSTD_isError(result) ? throw new InvalidOperationException($"Zstandard: {ZSTD_getErrorName(result)}.") : result;

    private void Free()
    {
        ZSTD_freeCCtx(_packing);
        ZSTD_freeDCtx(_unpacking);
        _packing = null;
        _unpacking = null;
    }
}
