using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TraceVault.Capture.Spooling;

/// <summary>The first record of a block: whose it is, and which block it follows.</summary>
/// <param name="Log">The log's id.</param>
/// <param name="Number">The block's place in the log, from 0.</param>
/// <param name="First">The use of the log's first block: a later log of the same id has another one.</param>
/// <param name="Previous">The use of the block before; 0 in the first.</param>
/// <param name="PreviousEnd">Where the records of that block end. A reader that does not come so far has lost something.</param>
internal readonly record struct BlockHead(Guid Log, int Number, ulong First, ulong Previous, int PreviousEnd)
{
    /// <summary>Where the records of content begin.</summary>
    public const int End = SpoolLayout.UseSize + SpoolRecord.HeadSize + Size;

    private const int Size = 40;

    /// <summary>Writes the beginning of a block.</summary>
    public void Write(Span<byte> block, ulong use, AesGcm cipher)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(block, use);
        var record = block[SpoolLayout.UseSize..End];
        var text = record[SpoolRecord.HeadSize..];
        Log.TryWriteBytes(text, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(text[16..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(text[20..], First);
        BinaryPrimitives.WriteUInt64LittleEndian(text[28..], Previous);
        BinaryPrimitives.WriteInt32LittleEndian(text[36..], PreviousEnd);
        SpoolRecord.Seal(cipher, use, SpoolLayout.UseSize, record);
    }

    /// <param name="block">A block, or its beginning.</param>
    /// <param name="cipher">Under the segment's key.</param>
    /// <param name="use">The block's.</param>
    /// <param name="head">What its first record says.</param>
    /// <returns>False when the block was never used, was given back by its log, or is torn.</returns>
    public static bool TryRead(Span<byte> block, AesGcm cipher, out ulong use, out BlockHead head)
    {
        head = default;
        use = block.Length < End ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(block);
        if (use == 0 || !SpoolRecord.TryOpen(cipher, use, SpoolLayout.UseSize, block[..End], out var plain))
        {
            return false;
        }

        var text = block[plain];
        if (text.Length != Size)
        {
            return false;
        }

        head = new BlockHead(
            new Guid(text[..16], bigEndian: true),
            BinaryPrimitives.ReadInt32LittleEndian(text[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(text[20..]),
            BinaryPrimitives.ReadUInt64LittleEndian(text[28..]),
            BinaryPrimitives.ReadInt32LittleEndian(text[36..]));
        return true;
    }
}
