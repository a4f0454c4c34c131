using System.Diagnostics;
using System.Security.Cryptography;

namespace TraceVault.Capture.Parts;

/// <summary>The key of one trace, 32 random bytes in clear: it seals the frames of that trace alone. It never prints.</summary>
[DebuggerDisplay("[trace key]")]
internal sealed class TraceKey
{
    public const int Size = 32;

    private readonly byte[] _material;

    public TraceKey(ReadOnlySpan<byte> material)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(material.Length, Size);
        _material = material.ToArray();
    }

    public static TraceKey Create() => new(RandomNumberGenerator.GetBytes(Size));

    /// <summary>A cipher for the frames of the trace. For one thread at a time, and to be disposed.</summary>
    public FrameCipher Cipher() => new(_material);

    /// <summary>The key itself. Named so that every use shows up in a search.</summary>
    public ReadOnlySpan<byte> Reveal() => _material;

    public override string ToString() => "[trace key]";
}
