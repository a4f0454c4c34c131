using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using TraceVault.Capture;
using TraceVault.Capture.Spooling;
using TraceVault.Hosting;
using TraceVault.Vault;

namespace TraceVault.Tests.Capture;

/// <summary>A process that only appends to a spool, and says on its standard output what is kept, as soon as it is.</summary>
internal sealed class SpoolChild : IDisposable
{
    /// <summary>It appends until it is killed; until the folder, or the segment, has no room, and then makes room.</summary>
    public const string Crash = "crash", FullFolder = "full folder", FullFile = "full file";

    private const string Mode = "SPOOL_CHILD", Data = "SPOOL_DATA", Key = "SPOOL_KEY";

    private readonly Process _process;

    /// <param name="mode">What it does: one of the constants.</param>
    /// <param name="data">The data folder.</param>
    /// <param name="key">The master key, as the setting has it.</param>
    /// <param name="shell">A script that starts it as <c>$0</c>; null: none.</param>
    public SpoolChild(string mode, string data, string key, string? shell = null)
    {
        var program = Environment.ProcessPath!;
        string[] self = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, typeof(SpoolChild).Assembly.Location] : [program];
        string[] command = shell is null ? self : ["sh", "-c", shell, .. self];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(SpoolChild).Assembly.Location;
        (start.Environment[Mode], start.Environment[Data], start.Environment[Key]) = (mode, data, key);
        _process = Process.Start(start)!;
    }

    /// <returns>What it says next; null when it has ended.</returns>
    public Task<string?> LineAsync() => _process.StandardOutput.ReadLineAsync(Patience.Cancel).AsTask();

    /// <summary>By SIGKILL.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    /// <summary>What a log holds at a place, so that nobody has to remember it.</summary>
    public static byte[] Content(int log, long at, int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)((((at + i) * 2654435761) + (log * 40503)) >> 13);
        }

        return bytes;
    }

    public static Guid Id(int log) => new(log, 0, 0, new byte[8]);

    public static void Run()
    {
        if (Environment.GetEnvironmentVariable(Mode) is { Length: > 0 } mode)
        {
            var spool = new Spool(
                new CaptureOptions { SpoolBytes = 8 * SpoolLayout.SegmentSize },
                new DataDirectory(new HostingOptions { DataDir = Environment.GetEnvironmentVariable(Data)! }),
                KeyRing.Parse(Environment.GetEnvironmentVariable(Key)!, Key), TimeProvider.System, NullLogger<Spool>.Instance);
            spool.Open();
            if (mode == Crash)
            {
                Parallel.For(0, 3, thread => AppendForEver(spool, thread));
            }

            FillDisk(spool, mode);
            Environment.Exit(0);
        }
    }

    /// <summary>Of a thread's logs every other one is released.</summary>
    private static void AppendForEver(Spool spool, int thread)
    {
        for (var n = thread; ; n += 3)
        {
            var log = spool.Begin(Id(n));
            long at = 0;
            for (var i = 0; i < 30; i++)
            {
                at += log.Append(1, Content(n, at, 1 + ((i * 7919) % 9000)));
                Say($"kept {n} {at}");
            }

            if (n / 3 % 2 == 0)
            {
                log.Release();
                Say($"released {n}");
            }
        }
    }

    private static void FillDisk(Spool spool, string mode)
    {
        var log = spool.Begin(Id(0));
        long at = log.Append(1, Content(0, 0, 10_000));
        if (mode == FullFile)
        {
            Shell("fallocate --punch-hole --offset 69632 --length 8M spool/*; head -c 12M /dev/zero > other || true");
        }

        while (!spool.State.Reason.Contains("the disk is full"))
        {
            at += log.Append(1, Content(0, at, 1_000)); // of which several fit into a page: a write fails in the middle of a block
        }

        var (full, used) = (at, spool.BytesInUse);
        Say($"{spool.State.Condition} {spool.State.Reason}");
        Shell("rm -f other; mount -o remount,size=64m .");
        while (at == full)
        {
            at += log.Append(1, Content(0, at, 1));
        }

        Say($"{spool.State.Condition} in another block: {spool.BytesInUse - used == SpoolLayout.BlockSize}");
        while (at < full + (10 << 20))
        {
            at += log.Append(1, Content(0, at, 10_000));
        }

        var (read, same) = (0L, true);
        log.Read((_, content) =>
        {
            same &= content.SequenceEqual(Content(0, read, content.Length));
            read += content.Length;
        });
        Say($"All that was kept is there: {same && read == at && log.IsWhole}");
    }

    private static void Shell(string script)
    {
        var start = new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = Environment.GetEnvironmentVariable(Data) };
        using var shell = Process.Start(start)!;
        shell.WaitForExit();
    }

    private static void Say(string line) => Console.Out.WriteLine(line); // each is written at once

    public static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
