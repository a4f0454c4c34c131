using System.Security.Cryptography;

namespace TraceVault.Capture.Spooling;

/// <summary>The key of the segments that one process makes: random, and in the memory of processes alone except sealed.</summary>
internal sealed class SpoolKey
{
    public const int Size = 32;

    private readonly byte[] _bytes;

    /// <summary>One for each thread, because OpenSSL's context behind it is not safe to share; it is released with its thread.</summary>
    private readonly ThreadLocal<AesGcm> _cipher;

    private ulong _uses;

    public SpoolKey(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes.ToArray();
        _cipher = new ThreadLocal<AesGcm>(() => new AesGcm(_bytes, SpoolRecord.TagSize));
    }

    public static SpoolKey New()
    {
        Span<byte> bytes = stackalloc byte[Size];
        RandomNumberGenerator.Fill(bytes);
        return new SpoolKey(bytes);
    }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public AesGcm Cipher => _cipher.Value!;

    /// <summary>The number of a block's next use: from 1, and never the same.</summary>
    public ulong NextUse() => Interlocked.Increment(ref _uses);
}
