using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TraceVault.Capture.Parts;

/// <summary>Seals and opens the frames of one trace. For one thread at a time.</summary>
/// <remarks>
/// <para>AES-256-GCM under the trace's key, which seals nothing else. The nonce is random: several servers write frames of one trace and
/// know nothing of each other, and after a crash an offset is written a second time, so neither a counter nor the place may be the nonce.
/// Random ones are safe below 2³² frames a key (NIST SP 800-38D §8.2.2, §8.3); at a frame each second that is 136 years.</para>
/// <para>Associated data: "tracevault/frame/v1" in ASCII, the part's id (16 bytes, RFC 9562 order), the frame's offset (8 bytes,
/// little-endian), the head up to the nonce. So a frame opens at its own place alone, and only under its own head.</para>
/// </remarks>
internal sealed class FrameCipher(ReadOnlySpan<byte> key) : IDisposable
{
    private static ReadOnlySpan<byte> Label => "tracevault/frame/v1"u8;

    private readonly AesGcm _cipher = new(key, FrameHead.TagSize);

    /// <param name="head">What the frame says in clear.</param>
    /// <param name="content">In clear.</param>
    /// <param name="part">The part in which it will be.</param>
    /// <param name="offset">Where in the part.</param>
    /// <param name="frame">Receives the frame, and has its length.</param>
    public void Seal(FrameHead head, ReadOnlySpan<byte> content, Guid part, long offset, Span<byte> frame)
    {
        head.Write(frame);
        var nonce = frame.Slice(FrameHead.ClearSize, FrameHead.NonceSize);
        RandomNumberGenerator.Fill(nonce);
        Span<byte> associated = stackalloc byte[AssociatedSize];
        _cipher.Encrypt(nonce, content, frame[FrameHead.Size..], TagOf(frame), Associated(associated, frame, part, offset));
    }

    /// <summary>Opens a frame in place: afterwards its content stands in clear behind its head.</summary>
    /// <returns>False when the frame was changed, belongs elsewhere, or was sealed under another key.</returns>
    public bool TryOpen(Span<byte> frame, Guid part, long offset)
    {
        Span<byte> associated = stackalloc byte[AssociatedSize];
        var content = frame[FrameHead.Size..];
        try
        {
            _cipher.Decrypt(
                frame.Slice(FrameHead.ClearSize, FrameHead.NonceSize), content, TagOf(frame), content,
                Associated(associated, frame, part, offset));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _cipher.Dispose();

    private static int AssociatedSize => Label.Length + 16 + sizeof(long) + FrameHead.ClearSize;

    private static Span<byte> TagOf(Span<byte> frame) => frame.Slice(FrameHead.ClearSize + FrameHead.NonceSize, FrameHead.TagSize);

    private static Span<byte> Associated(Span<byte> buffer, ReadOnlySpan<byte> frame, Guid part, long offset)
    {
        Label.CopyTo(buffer);
        var rest = buffer[Label.Length..];
        part.TryWriteBytes(rest, bigEndian: true, out var written);
        BinaryPrimitives.WriteInt64LittleEndian(rest[written..], offset);
        frame[..FrameHead.ClearSize].CopyTo(rest[(written + sizeof(long))..]);
        return buffer;
    }
}
