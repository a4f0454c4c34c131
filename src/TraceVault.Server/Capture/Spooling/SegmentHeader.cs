using System.Text;
using TraceVault.Vault;

namespace TraceVault.Capture.Spooling;

/// <summary>The beginning of a segment: the key that seals it, itself sealed under a master key.</summary>
/// <remarks>
/// <code>
/// offset  length  content
///      0       8  "tvspool1"
///      8       1  length of the master key's id, n
///      9       n  the id, ASCII
///    9+n      61  SealedBytes of the key; purpose "tracevault/spool-key/v1",
///                 associated data, UTF-8: "tracevault/spool-key" 0x00 master key id
/// </code>
/// </remarks>
internal static class SegmentHeader
{
    private const string Purpose = "tracevault/spool-key/v1";
    private const int IdAt = 9, SealSize = SealedBytes.HeadSize + SpoolKey.Size;

    /// <summary>More than the longest header.</summary>
    public const int MaxSize = 256;

    private static ReadOnlySpan<byte> Mark => "tvspool1"u8;

    public static byte[] Of(SpoolKey key, RingKey master)
    {
        using var cipher = SealedBytes.CipherUnder(master, Purpose);
        var id = Encoding.ASCII.GetBytes(master.Id);
        return [.. Mark, (byte)id.Length, .. id, .. SealedBytes.Seal(cipher, key.Bytes, Associated(master.Id))];
    }

    /// <summary>A file without one was not finished: nothing was ever written to it.</summary>
    public static bool IsIn(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Mark);

    /// <param name="bytes">The beginning of a segment that has a header.</param>
    /// <param name="ring">The master keys in force.</param>
    /// <param name="key">Receives the key.</param>
    /// <returns>False when no key of the ring opens it.</returns>
    public static bool TryOpen(ReadOnlySpan<byte> bytes, KeyRing ring, Span<byte> key)
    {
        if (bytes.Length < IdAt || bytes.Length < IdAt + bytes[Mark.Length] + SealSize)
        {
            return false;
        }

        var id = Encoding.ASCII.GetString(bytes.Slice(IdAt, bytes[Mark.Length]));
        if (!ring.TryGet(id, out var master))
        {
            return false;
        }

        using var cipher = SealedBytes.CipherUnder(master, Purpose);
        return SealedBytes.TryOpen(cipher, bytes.Slice(IdAt + id.Length, SealSize), key, Associated(id));
    }

    private static byte[] Associated(string id) => Encoding.UTF8.GetBytes($"tracevault/spool-key\0{id}");
}
