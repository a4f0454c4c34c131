using System.Buffers.Binary;

namespace TraceVault.Capture.Parts;

/// <summary>What stands in clear before the sealed content of a frame. All of it is authenticated with the content.</summary>
/// <remarks>
/// <code>
/// offset  length  content
///      0       1  version, 0x01
///      1       1  kind: 0 a request, 1 an answer
///      2       2  depth: how many frames it depends on; 0 for a key frame
///      4       4  length of the content
///      8       4  how far back the base's first byte is; 0 for a key frame
///     12       4  length of the base's frame; 0 for a key frame
///     16       8  the first bytes of the base's tag; 0 for a key frame
///     24      12  nonce
///     36      16  tag
///     52       n  the content, sealed: a delta
/// </code>
/// Numbers are little-endian.
/// </remarks>
/// <param name="IsAnswer">Which of the two bodies that its base leads to the delta is against.</param>
/// <param name="Depth">0 to <see cref="MaxDepth"/>.</param>
/// <param name="ContentLength">In bytes.</param>
/// <param name="BaseDistance">In bytes.</param>
/// <param name="BaseLength">In bytes, head included.</param>
/// <param name="BaseTag">Without it, what an unfinished write left at the same offset could stand in for the base.</param>
internal readonly record struct FrameHead(bool IsAnswer, int Depth, int ContentLength, int BaseDistance, int BaseLength, ulong BaseTag)
{
    /// <summary>The length of a head, nonce and tag included.</summary>
    public const int Size = ClearSize + NonceSize + TagSize;

    /// <summary>The length of what comes before the nonce.</summary>
    public const int ClearSize = 24;

    public const int NonceSize = 12, TagSize = 16;

    /// <summary>No frame depends on more: it is a key frame instead.</summary>
    public const int MaxDepth = 511;

    private const byte Version = 1;

    public void Write(Span<byte> to)
    {
        (to[0], to[1]) = (Version, IsAnswer ? (byte)1 : (byte)0);
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], (ushort)Depth);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], ContentLength);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], BaseDistance);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], BaseLength);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], BaseTag);
    }

    /// <param name="frame">A whole frame.</param>
    /// <param name="head">Its head, as somebody wrote it: true only once the frame has been opened.</param>
    public static bool TryRead(ReadOnlySpan<byte> frame, out FrameHead head)
    {
        head = default;
        if (frame.Length < Size || frame[0] != Version || frame[1] > 1)
        {
            return false;
        }

        head = new FrameHead(
            frame[1] == 1,
            BinaryPrimitives.ReadUInt16LittleEndian(frame[2..]),
            BinaryPrimitives.ReadInt32LittleEndian(frame[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(frame[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(frame[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(frame[16..]));
        return head.ContentLength == frame.Length - Size;
    }

    /// <summary>The first bytes of a frame's own tag.</summary>
    public static ulong TagOf(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt64LittleEndian(frame[(ClearSize + NonceSize)..]);
}
