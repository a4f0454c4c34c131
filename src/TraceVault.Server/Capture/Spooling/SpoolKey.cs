using System.Security.Cryptography;

namespace TraceVault.Capture.Spooling;

/// <summary>The key of the segments that one process makes: random, and nowhere in clear but in the memory of processes.</summary>
#pragma warning disable CA1001 // disposing the ciphers would make an append throw that comes after the end
internal sealed class SpoolKey
#pragma warning restore CA1001
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
