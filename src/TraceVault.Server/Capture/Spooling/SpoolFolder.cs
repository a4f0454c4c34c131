using System.Globalization;
using System.Security.Cryptography;
using TraceVault.Hosting;
using TraceVault.Vault;

namespace TraceVault.Capture.Spooling;

/// <summary>The files of the spool.</summary>
internal sealed class SpoolFolder(DataDirectory data, KeyRing ring, SpoolSync sync, SpoolHealth health, TimeProvider clock)
{
    /// <summary>A segment, and one that no key of the ring opened.</summary>
    public const string Ending = ".spool", LostEnding = ".lost";

    private readonly SpoolKey _key = SpoolKey.New();

    /// <summary>The files of two processes never have the same name.</summary>
    private readonly string _name = RandomNumberGenerator.GetHexString(16, lowercase: true);

    private int _made;
    private bool _hasNew;

    public string Path { get; } = System.IO.Path.Combine(data.Path, "spool");

    public KeyRing Ring => ring;

    /// <summary>
    /// Makes a segment and takes its room. Header and name reach the disk when what is written to it does: a loss of power before that
    /// takes no more with it.
    /// </summary>
    /// <exception cref="IOException">It cannot be made; nothing is left of it.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public Segment Make()
    {
        Directory.CreateDirectory(data.Path);
        DataDirectory.Ensure(Path, DataDirectory.Setting);
        var path = System.IO.Path.Combine(Path, string.Create(CultureInfo.InvariantCulture, $"{_name}-{++_made:x6}{Ending}"));
        var file = DataDirectory.OpenPrivate(path, FileMode.CreateNew, room: SpoolLayout.SegmentSize);
        try
        {
            file.SetLength(SpoolLayout.SegmentSize); // once, so that no write has to change it
            RandomAccess.Write(file.SafeFileHandle, SegmentHeader.Of(_key, ring.Sealing), 0);
            if (sync is SpoolSync.Always)
            {
                RandomAccess.FlushToDisk(file.SafeFileHandle);
                DataDirectory.Flush(Path);
            }

            _hasNew = true;
            return Of(file, _key);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Brings the names of new files to the disk.</summary>
    public void Sync()
    {
        if (_hasNew)
        {
            _hasNew = false;
            DataDirectory.Flush(Path);
        }
    }

    public Segment Of(FileStream file, SpoolKey key) => new(file, key, sync, health, clock);
}
