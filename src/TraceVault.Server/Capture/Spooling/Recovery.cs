using System.Collections.Concurrent;
using System.Security.Cryptography;
using TraceVault.Hosting;
using TraceVault.Settings;

namespace TraceVault.Capture.Spooling;

/// <summary>
/// Finds what earlier processes left. Of each block only the beginning is read: a gigabyte is found in a fraction of a second if it is in
/// memory still.
/// </summary>
internal sealed partial class Recovery(SpoolFolder folder, SpoolSegments segments, ILogger log)
{
    /// <summary>Files that are read at once: more than cores, because a disk answers several questions in the time of one.</summary>
    private const int AtOnce = 16;

    private readonly List<SpoolKey> _keys = [];

    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public List<SpoolLog> Run(Spool spool)
    {
        if (!Directory.Exists(folder.Path))
        {
            return [];
        }

        var found = new List<Segment>();
        foreach (var path in Directory.EnumerateFiles(folder.Path).Order(StringComparer.Ordinal).ToList())
        {
            if (Path.GetExtension(path) is SpoolFolder.Ending or SpoolFolder.LostEnding && TryOpen(path) is { } segment)
            {
                segments.Add(segment, gives: false);
                found.Add(segment);
            }
        }

        var blocks = new ConcurrentBag<FoundBlock>();
        ScanAll(new ConcurrentQueue<Segment>(found), blocks);
        var logs = blocks.GroupBy(block => (block.Key, block.Head.Log, block.Head.First))
            .Select(group => Chain(spool, [.. group])).OfType<SpoolLog>().ToList();
        if (logs.Count > 0)
        {
            LogFound(logs.Count);
        }

        return logs;
    }

    /// <returns>Null for a file that another process uses, that was never finished, or that no key opens.</returns>
    private Segment? TryOpen(string path)
    {
        try
        {
            return Open(path);
        }
        catch (Exception problem) when (SpoolHealth.IsDisk(problem) || problem is StartupException)
        {
            LogUnreadable(SpoolHealth.Reason("It was not opened", problem));
            return null;
        }
    }

    private Segment? Open(string path)
    {
        var file = DataDirectory.OpenPrivate(path, FileMode.Open);
        Span<byte> header = stackalloc byte[SegmentHeader.MaxSize];
        header = header[..RandomAccess.Read(file.SafeFileHandle, header, 0)];
        if (!SegmentHeader.IsIn(header))
        {
            file.Dispose();
            File.Delete(path);
            return null;
        }

        Span<byte> bytes = stackalloc byte[SpoolKey.Size];
        if (!SegmentHeader.TryOpen(header, folder.Ring, bytes))
        {
            file.Dispose();
            PutAside(path);
            return null;
        }

        var segment = folder.Of(file, KeyOf(bytes));
        CryptographicOperations.ZeroMemory(bytes);
        return segment;
    }

    /// <summary>
    /// Under another name it takes no room from the spool and is not spoken of again. It is not deleted: a master key may be missing by
    /// mistake, and as soon as it is back, the next start opens the file.
    /// </summary>
    private void PutAside(string path)
    {
        if (Path.GetExtension(path) != SpoolFolder.LostEnding)
        {
            File.Move(path, Path.ChangeExtension(path, SpoolFolder.LostEnding));
            LogLost(Path.GetFileName(path));
        }
    }

    /// <returns>The same for all segments of a process: a log's blocks are in several.</returns>
    private SpoolKey KeyOf(ReadOnlySpan<byte> bytes)
    {
        foreach (var each in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(each.Bytes, bytes))
            {
                return each;
            }
        }

        var key = new SpoolKey(bytes);
        _keys.Add(key);
        return key;
    }

    /// <summary>On threads of its own: the pool has as many as there are processors, and they would wait for the disk.</summary>
    private void ScanAll(ConcurrentQueue<Segment> left, ConcurrentBag<FoundBlock> blocks)
    {
        var threads = Enumerable.Range(0, Math.Min(AtOnce, left.Count)).Select(_ => new Thread(ScanNext)).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        void ScanNext()
        {
            while (left.TryDequeue(out var segment))
            {
                Scan(segment, blocks);
            }
        }
    }

    private void Scan(Segment segment, ConcurrentBag<FoundBlock> blocks)
    {
        try
        {
            ScanWhole(segment, blocks);
        }
        catch (IOException problem)
        {
            LogUnreadable(SpoolHealth.Reason("Reading failed", problem));
            segment.Free.TryTakeAll(); // it does not count as empty: what is in it may be read by the next start
        }
    }

    private static void ScanWhole(Segment segment, ConcurrentBag<FoundBlock> blocks)
    {
        Span<byte> beginning = stackalloc byte[BlockHead.End];
        for (var i = 1; i < SpoolLayout.Blocks; i++)
        {
            var length = segment.Read(beginning, (long)i * SpoolLayout.BlockSize);
            if (BlockHead.TryRead(beginning[..length], segment.Key.Cipher, out var use, out var head))
            {
                blocks.Add(new FoundBlock(segment.Key, (segment.Slot * SpoolLayout.Blocks) + i, use, head));
            }
        }
    }

    /// <summary>
    /// Puts the blocks of a log in order. A write that failed may have left a block beside the one that took its place: the later one
    /// counts.
    /// </summary>
    /// <returns>Null when the first block is not there: the log was given back.</returns>
    private SpoolLog? Chain(Spool spool, List<FoundBlock> blocks)
    {
        var chain = new List<int>();
        var (previous, last) = (0UL, blocks.Max(block => block.Head.Number));
        foreach (var same in blocks.GroupBy(block => block.Head.Number).OrderBy(group => group.Key))
        {
            var next = same.Where(block => block.Head.Previous == previous).MaxBy(block => block.Use);
            if (same.Key != chain.Count || next is null)
            {
                break;
            }

            chain.Add(next.Number);
            previous = next.Use;
        }

        chain.ForEach(number => segments.Of(number).Free.Take(number % SpoolLayout.Blocks));
        var (id, first) = (blocks[0].Head.Log, blocks[0].Head.First);
        return chain.Count == 0 ? null : new SpoolLog(spool, id, first, [.. chain], isWhole: chain.Count == last + 1);
    }

    [LoggerMessage(LogLevel.Information, "The spool holds {Count} exchanges that were not recorded when the server ended.")]
    private partial void LogFound(int count);

    [LoggerMessage(LogLevel.Warning, "A file of the spool is left alone: {Reason}")]
    private partial void LogUnreadable(string reason);

    [LoggerMessage(LogLevel.Error,
        "{File} of the spool is sealed under a master key that the server does not have: what it holds is not recorded, and the file is "
        + "put aside. Put the key back on the ring and start again, or delete the file.")]
    private partial void LogLost(string file);

    private sealed record FoundBlock(SpoolKey Key, int Number, ulong Use, BlockHead Head);
}
