using Microsoft.Win32.SafeHandles;

namespace TraceVault.Capture.Spooling;

/// <summary>One file of the spool, open as long as a log may have blocks in it; nobody else can open it meanwhile.</summary>
/// <param name="file">Open for reading and writing.</param>
/// <param name="key">Seals what is in it.</param>
/// <param name="sync">When writes reach the disk.</param>
/// <param name="health">Is told of failures.</param>
/// <param name="clock">Tells how long a write takes.</param>
internal sealed class Segment(FileStream file, SpoolKey key, SpoolSync sync, SpoolHealth health, TimeProvider clock) : IDisposable
{
    private static readonly byte[] NoUse = new byte[SpoolLayout.UseSize], Trial = new byte[SpoolLayout.TrialSize];

    /// <summary>Taken once: the stream moves the file's position each time it is asked.</summary>
    private readonly SafeFileHandle _handle = file.SafeFileHandle;

    /// <summary>
    /// When the write began that runs; 0: none. Several at once overwrite it: where one hangs, the next hangs too, and the third sees it.
    /// </summary>
    private long _writing;

    /// <summary>Of a new one, the header.</summary>
    private bool _unsynced = sync is not SpoolSync.Always;

    public FreeBlocks Free { get; } = new();

    public SpoolKey Key { get; } = key;

    /// <summary>Its place in <see cref="SpoolSegments"/>.</summary>
    public int Slot { get; set; }

    /// <returns>False when it failed, or was not tried because another write hangs; what of it is in the file is not known then.</returns>
    public bool TryWrite(ReadOnlySpan<byte> bytes, long at)
    {
        var start = clock.GetTimestamp();
        if (Volatile.Read(ref _writing) is var other and not 0 && clock.GetElapsedTime(other, start) > health.LastLimit)
        {
            health.Break("A write does not return.");
            return false;
        }

        Volatile.Write(ref _writing, start);
        try
        {
            RandomAccess.Write(_handle, bytes, at);
            Written();
            health.Took(clock.GetElapsedTime(start));
            return true;
        }
        catch (Exception problem) when (SpoolHealth.IsDisk(problem))
        {
            health.Break(SpoolHealth.Reason("A write failed", problem));
            return false;
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <exception cref="IOException">The disk failed.</exception>
    public int Read(Span<byte> bytes, long at) => RandomAccess.Read(_handle, bytes, at);

    /// <summary>Marks a block as unused, so that a later start does not find the log that begins in it.</summary>
    public void Erase(int block) => TryWrite(NoUse, (long)block * SpoolLayout.BlockSize);

    /// <summary>Whether a write that matters to nobody works, and soon enough.</summary>
    public bool Try()
    {
        var start = clock.GetTimestamp();
        return TryWrite(Trial, SpoolLayout.TrialOffset) && clock.GetElapsedTime(start) <= health.Limit && TrySync();
    }

    /// <returns>False when the disk failed.</returns>
    public bool TrySync()
    {
        if (sync is SpoolSync.Never || !Interlocked.Exchange(ref _unsynced, false))
        {
            return true;
        }

        try
        {
            DataSync.Run(_handle);
            return true;
        }
        catch (Exception problem) when (SpoolHealth.IsDisk(problem))
        {
            health.Break(SpoolHealth.Reason("The disk did not take what was written", problem));
            return false;
        }
    }

    /// <summary>Removes the file.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    public void Delete()
    {
        Dispose();
        File.Delete(file.Name);
    }

    public void Dispose()
    {
        file.Dispose();
        _handle.Dispose();
    }

    private void Written()
    {
        if (sync is SpoolSync.Always)
        {
            DataSync.Run(_handle);
        }
        else if (!Volatile.Read(ref _unsynced)) // writing it each time would take the line away from the other threads
        {
            Volatile.Write(ref _unsynced, true);
        }
    }
}
