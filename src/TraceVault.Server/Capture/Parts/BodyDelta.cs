namespace TraceVault.Capture.Parts;

/// <summary>
/// Writes a body as what it does not share with an earlier one, and gives it back exactly, whatever bytes it has. For one thread at a time.
/// </summary>
/// <remarks>
/// <para>A delta is a <see cref="DeltaHead"/> and the middle of the body: what is between the common start and the common end. A packed
/// middle has a prefix: the last <see cref="MaxAside"/> bytes of what both sides have besides, then what the base holds in its own middle
/// and <see cref="Widening"/> more on both sides, at most <see cref="MaxPrefix"/> of it.</para>
/// <para>Without a base the whole body is middle.</para>
/// </remarks>
internal sealed class BodyDelta : IDisposable
{
    /// <summary>In bytes. A part of the format, as are the other two.</summary>
    public const int Widening = 16 << 10, MaxPrefix = 8 << 20, MaxAside = 1 << 20;

    /// <summary>A middle that is not longer is not packed: the frame around it takes more than it saves.</summary>
    private const int Tiny = 24;

    /// <summary>Zstandard's best: four bytes for a block of 128 KiB.</summary>
    private const int BestRatio = 32 << 10;

    private readonly Zstd _zstd = new();
    private readonly Scratch _delta = new(), _prefix = new(), _middle = new();

    /// <param name="earlier">The base; empty for none.</param>
    /// <param name="aside">What else the reader will have, and the body may have parts of; empty for nothing.</param>
    /// <param name="body">Any bytes, at most <see cref="DeltaHead.MaxLength"/>.</param>
    /// <param name="common">What body and base share, as <see cref="Common.Of"/> says.</param>
    /// <returns>The delta, until the next call.</returns>
    public ReadOnlySpan<byte> Encode(ReadOnlySpan<byte> earlier, ReadOnlySpan<byte> aside, ReadOnlySpan<byte> body, Common common)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(body.Length, DeltaHead.MaxLength);
        var middle = body[common.Start..^common.End];
        var head = new DeltaHead(middle.Length > Tiny, body.Length, common.Start, common.End);
        var buffer = _delta.Of(DeltaHead.MaxSize + Zstd.Bound(middle.Length));
        var size = head.Write(buffer);
        var packed = head.IsPacked ? _zstd.Pack(Prefix(earlier, aside, head), middle, buffer[size..]) : int.MaxValue;
        if (packed < middle.Length)
        {
            return buffer[..(size + packed)];
        }

        (head with { IsPacked = false }).Write(buffer);
        middle.CopyTo(buffer[size..]);
        return buffer[..(size + middle.Length)];
    }

    /// <summary>Makes the next body out of its base.</summary>
    /// <param name="delta">As <see cref="Encode"/> gave it.</param>
    /// <param name="aside">As when it was made.</param>
    /// <param name="body">The base, empty for none; becomes the body. After an exception it is of no more use.</param>
    /// <exception cref="InvalidDataException">The bytes are no delta against this base. No more memory was taken than a delta of that
    /// length may lead to.</exception>
    public void Apply(ReadOnlySpan<byte> delta, ReadOnlySpan<byte> aside, EditedBody body)
    {
        var middle = delta;
        if (!DeltaHead.TryRead(ref middle, out var head) || (long)head.Start + head.End > body.Length)
        {
            throw new InvalidDataException("The bytes are no delta, or have more in common with the base than that is long.");
        }

        if (head.IsPacked ? head.Middle / BestRatio > middle.Length : head.Middle != middle.Length)
        {
            throw new InvalidDataException("The delta cannot be as long as it says.");
        }

        if (head.IsPacked)
        {
            // Put aside first: where it belongs is what it refers to.
            var unpacked = _middle.Of(head.Middle);
            _zstd.Unpack(Prefix(body.Bytes, aside, head), middle, unpacked);
            middle = unpacked;
        }

        middle.CopyTo(body.Replace(head.Start, head.End, head.Middle));
    }

    /// <returns>How long the body is that a delta leads to; 0 if it is no delta.</returns>
    public static int LengthIn(ReadOnlySpan<byte> delta) => DeltaHead.TryRead(ref delta, out var head) ? head.Length : 0;

    public void Dispose() => _zstd.Dispose();

    private ReadOnlySpan<byte> Prefix(ReadOnlySpan<byte> earlier, ReadOnlySpan<byte> aside, DeltaHead head)
    {
        var from = Math.Max(0, head.Start - Widening);
        var to = (int)Math.Min(earlier.Length, (long)earlier.Length - head.End + Widening);
        var near = earlier[from..Math.Min(to, from + MaxPrefix)];
        if (aside.IsEmpty)
        {
            return near;
        }

        aside = aside[Math.Max(0, aside.Length - MaxAside)..];
        var both = _prefix.Of(aside.Length + near.Length);
        aside.CopyTo(both);
        near.CopyTo(both[aside.Length..]);
        return both;
    }
}
