using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TraceVault.Capture.Spooling;

/// <summary>Seals and opens one record of a block, in place; <see cref="SpoolLayout"/> describes it.</summary>
internal static class SpoolRecord
{
    public const int HeadSize = LengthSize + TagSize;

    public const int TagSize = 16;

    private const int LengthSize = 4, NonceSize = 12;

    /// <param name="cipher">Under the segment's key.</param>
    /// <param name="use">The block's.</param>
    /// <param name="offset">The record's, in the block.</param>
    /// <param name="record">Room for the head, and the plain text, which becomes the ciphertext.</param>
    public static void Seal(AesGcm cipher, ulong use, int offset, Span<byte> record)
    {
        var text = record[HeadSize..];
        BinaryPrimitives.WriteInt32LittleEndian(record, text.Length);
        Span<byte> nonce = stackalloc byte[NonceSize];
        cipher.Encrypt(Nonce(nonce, use, offset), text, text, record.Slice(LengthSize, TagSize));
    }

    /// <param name="cipher">Under the segment's key.</param>
    /// <param name="use">The block's.</param>
    /// <param name="offset">The record's, in the block.</param>
    /// <param name="block">The block, in which the plain text takes the ciphertext's place.</param>
    /// <param name="plain">Where that is.</param>
    /// <returns>False when no record of this use of the block is there, or not all of one.</returns>
    public static bool TryOpen(AesGcm cipher, ulong use, int offset, Span<byte> block, out Range plain)
    {
        plain = default;
        if (offset > block.Length - HeadSize)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(block[offset..]);
        var start = offset + HeadSize;
        if (length < 1 || length > block.Length - start)
        {
            return false;
        }

        var text = block.Slice(start, length);
        Span<byte> nonce = stackalloc byte[NonceSize];
        try
        {
            cipher.Decrypt(Nonce(nonce, use, offset), text, block.Slice(offset + LengthSize, TagSize), text);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        plain = start..(start + length);
        return true;
    }

    private static ReadOnlySpan<byte> Nonce(Span<byte> nonce, ulong use, int offset)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, use);
        BinaryPrimitives.WriteInt32LittleEndian(nonce[sizeof(ulong)..], offset);
        return nonce;
    }
}
