using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Capture;
using TraceVault.Capture.Spooling;
using TraceVault.Hosting;
using TraceVault.Vault;

namespace TraceVault.Tests.Capture;

/// <summary>A folder in which one spool after another is opened.</summary>
internal sealed class SpoolRig : IDisposable
{
    public const int Segment = SpoolLayout.SegmentSize, Block = SpoolLayout.BlockSize;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("tracevault-test-");
    private readonly LoggerFactory _loggers = new();

    public SpoolRig() => _loggers.AddProvider(Log);

    public CapturedLog Log { get; } = new();

    public string DataFolder => _data.FullName;

    public string Folder => Path.Combine(DataFolder, "spool");

    public string[] Files => [.. Directory.GetFiles(Folder).Order(StringComparer.Ordinal)];

    public KeyRing Ring { get; set; } = NewRing();

    public long Bytes { get; init; } = 4 * Segment;

    public SpoolSync Sync { get; init; }

    public TimeProvider Clock { get; init; } = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));

    public static KeyRing NewRing(string id = "default") =>
        KeyRing.Parse($"{id}:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}", "KEY");

    public Spool Create() => new(
        new CaptureOptions { SpoolBytes = Bytes, Sync = Sync }, new DataDirectory(new HostingOptions { DataDir = DataFolder }), Ring, Clock,
        _loggers.CreateLogger<Spool>());

    public Spool Open()
    {
        var spool = Create();
        spool.Open();
        return spool;
    }

    public static byte[] ReadAll(SpoolLog log)
    {
        var all = new MemoryStream();
        log.Read((_, content) => all.Write(content));
        return all.ToArray();
    }

    /// <summary>A file as it is while a spool has it locked, of which only .NET takes notice.</summary>
    public static async Task<byte[]> PeekAsync(string file)
    {
        using var cat = Process.Start(new ProcessStartInfo("cat", [file]) { RedirectStandardOutput = true })!;
        var bytes = new MemoryStream();
        await cat.StandardOutput.BaseStream.CopyToAsync(bytes, Patience.Cancel);
        return bytes.ToArray();
    }

    /// <summary>Moves the clock on by a second at a time until something is so.</summary>
    public async Task PassUntilAsync(Func<bool> isSo)
    {
        var cancel = Patience.Cancel;
        while (!isSo())
        {
            ((FakeTimeProvider)Clock).Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, cancel); // the spool's own thread has its turn
        }
    }

    public void Dispose()
    {
        _loggers.Dispose();
        _data.Delete(recursive: true);
    }
}
