using System.Buffers.Binary;
using System.Text;

namespace TraceVault.Capture.Taping;

/// <summary>
/// Writes texts and numbers one after the other: a text as its length in UTF-8 (2 bytes, little endian; 0xffff for null) and its bytes, a
/// number as 8 bytes, little endian. The room must suffice: what is written is bounded.
/// </summary>
internal ref struct FieldWriter(Span<byte> to)
{
    public const ushort Null = ushort.MaxValue;

    private readonly Span<byte> _to = to;

    public int Written { get; private set; }

    public void Add(string? text)
    {
        var length = text is null ? 0 : Encoding.UTF8.GetBytes(text, _to[(Written + 2)..]);
        BinaryPrimitives.WriteUInt16LittleEndian(_to[Written..], text is null ? Null : (ushort)length);
        Written += 2 + length;
    }

    public void Add(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_to[Written..], number);
        Written += 8;
    }
}

/// <summary>Reads what <see cref="FieldWriter"/> wrote.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> from)
{
    private ReadOnlySpan<byte> _left = from;

    public readonly bool IsOver => _left.IsEmpty;

    /// <exception cref="FormatException">The bytes end too early.</exception>
    public string? Text()
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
        return length == FieldWriter.Null ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <exception cref="FormatException">The bytes end too early.</exception>
    public long Number() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _left.Length)
        {
            throw new FormatException("The fields end too early.");
        }

        var taken = _left[..length];
        _left = _left[length..];
        return taken;
    }
}
