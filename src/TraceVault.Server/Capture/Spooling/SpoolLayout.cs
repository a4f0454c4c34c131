namespace TraceVault.Capture.Spooling;

/// <summary>How a segment, which is one file, is divided. Numbers are little-endian.</summary>
/// <remarks>
/// <code>
/// block 0         the header: see SegmentHeader; a page of its own behind it, for trial writes
/// block 1 to 511  a block of a log:
///                   offset  length  content
///                        0       8  the block's use, in clear; 0: none
///                        8      60  its first record: see BlockHead
///                       68         further records, each: length of the ciphertext (4), tag (16), ciphertext of kind (1) and content
/// </code>
/// A record is sealed by AES-256-GCM; its nonce is the block's use (8) and the record's offset in the block (4). A use is a number that is
/// given once under a key, and an offset is written once in a use: no nonce comes twice, and what a block held before does not open.
/// A block is full when less than <see cref="LeastRecord"/> is left of it.
/// </remarks>
internal static class SpoolLayout
{
    public const int BlockSize = 16 << 10, Blocks = 512, UsableBlocks = Blocks - 1, SegmentSize = Blocks * BlockSize;

    /// <summary>Where the trial writes go.</summary>
    public const int TrialOffset = 8 << 10, TrialSize = 4 << 10;

    public const int UseSize = 8;

    /// <summary>The head, the kind, and one byte: with less room than that, a block is left.</summary>
    public const int LeastRecord = SpoolRecord.HeadSize + 2;
}
