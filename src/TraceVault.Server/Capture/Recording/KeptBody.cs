using System.Buffers.Binary;
using System.Text;
using TraceVault.Capture.Taping;

namespace TraceVault.Capture.Recording;

/// <summary>
/// A body with those lines of its head that are kept, as one frame holds them: the length of the lines (2 bytes, little endian), the lines
/// in UTF-8, the body.
/// </summary>
internal sealed class KeptBody
{
    private readonly int _headLength;
    private byte[] _bytes;
    private int _length;

    /// <param name="lines">As in <see cref="AnswerHeading.Headers"/>.</param>
    /// <param name="expected">How long the body will be, in bytes, as far as is known.</param>
    public KeptBody(string lines, long expected)
    {
        var length = Encoding.UTF8.GetByteCount(lines);
        _length = _headLength = 2 + length;
        _bytes = new byte[_headLength + Math.Min(expected, 512 << 20)];
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes, (ushort)length);
        Encoding.UTF8.GetBytes(lines, _bytes.AsSpan(2));
    }

    private KeptBody(byte[] frame)
    {
        (_bytes, _length) = (frame, frame.Length);
        _headLength = Math.Min(2 + BinaryPrimitives.ReadUInt16LittleEndian(frame), frame.Length);
    }

    /// <summary>The body alone.</summary>
    public ReadOnlyMemory<byte> Body => _bytes.AsMemory(_headLength.._length);

    public string? ContentType => HeaderOf("content-type");

    public string? ContentEncoding => HeaderOf("content-encoding");

    public static KeptBody Of(byte[] frame) => new(frame);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _length < bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_length + bytes.Length, 2 * _bytes.Length));
        }

        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <returns>What a frame holds. Nothing may be appended any more.</returns>
    public byte[] ToFrame()
    {
        Array.Resize(ref _bytes, _length); // does nothing when the length was right
        return _bytes;
    }

    private string? HeaderOf(string name) => AnswerHeading.HeaderOf(Encoding.UTF8.GetString(_bytes.AsSpan(2.._headLength)), name);
}
