using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Capture.Spooling;

namespace TraceVault.Tests.Capture;

public sealed class SpoolTests
{
    private const int Block = SpoolRig.Block;

    private static readonly Gen<int> Size = Gen.OneOf(
        Gen.Int[0, 400], Gen.Int[0, 100_000], Gen.Int[Block - 120, Block + 40], Gen.Int[0, 1],
        Gen.Int[1, 4].Select(blocks => blocks * Block));

    [Fact]
    public async Task What_was_appended_is_read_back_here_and_by_the_next_process()
    {
        using var rig = new SpoolRig { Bytes = 16 * SpoolRig.Segment };
        await Size.Array[1, 30].Array[1, 4].SampleAsync(
            async sizes =>
            {
                var expected = new Dictionary<Guid, byte[]>();
                await using (var spool = rig.Open())
                {
                    var logs = sizes.Select(each => (Log: spool.Begin(Guid.NewGuid()), Sizes: each)).ToList();
                    for (var i = 0; i < 30; i++)
                    {
                        foreach (var (log, of) in logs.Where(each => i < each.Sizes.Length))
                        {
                            var content = RandomNumberGenerator.GetBytes(of[i]);
                            Assert.Equal(content.Length, log.Append((byte)i, content));
                            expected[log.Id] = [.. expected.GetValueOrDefault(log.Id, []), .. content];
                        }
                    }

                    Assert.All(logs, each => Assert.Equal(expected[each.Log.Id], SpoolRig.ReadAll(each.Log)));
                }

                await using var next = rig.Open();
                Assert.Equal(expected.Keys.Order(), next.Recovered.Select(log => log.Id).Order());
                Assert.All(next.Recovered, log => Assert.Equal(expected[log.Id], SpoolRig.ReadAll(log)));
                Assert.All(next.Recovered, log => Assert.True(log.IsWhole));
                next.Recovered.ToList().ForEach(log => log.Release());
            },
            iter: 25, threads: 1);
    }

    [Fact]
    public async Task Each_record_keeps_its_kind_and_a_split_one_keeps_it_in_each_part()
    {
        using var rig = new SpoolRig();
        await using var spool = rig.Open();
        var log = spool.Begin(Guid.NewGuid());
        byte[] large = RandomNumberGenerator.GetBytes(1 << 20);
        log.Append(1, "a"u8);
        log.Append(2, []);
        Assert.Equal(large.Length, log.Append(3, large));
        log.Append(1, "b"u8);

        var kinds = new List<(byte Kind, int Length)>();
        log.Read((kind, content) => kinds.Add((kind, content.Length)));

        Assert.Equal([(1, 1), (2, 0)], kinds[..2]);
        Assert.All(kinds[2..^1], record => Assert.Equal(3, record.Kind));
        Assert.Equal(large.Length, kinds[2..^1].Sum(record => record.Length));
        Assert.Equal((1, 1), kinds[^1]);
    }

    [Fact]
    public async Task Many_threads_append_to_logs_of_their_own()
    {
        using var rig = new SpoolRig { Bytes = 8 * SpoolRig.Segment };
        var expected = new byte[8][];
        await using (var spool = rig.Open())
        {
            await Parallel.ForAsync(0, 8, (i, _) =>
            {
                var log = spool.Begin(new Guid(i, 0, 0, new byte[8]));
                var all = new MemoryStream();
                for (var n = 0; n < 400; n++)
                {
                    var content = RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(1, 4000));
                    all.Write(content.AsSpan(0, log.Append(1, content)));
                }

                expected[i] = all.ToArray();
                Assert.Equal(expected[i], SpoolRig.ReadAll(log));
                return ValueTask.CompletedTask;
            });
        }

        await using var next = rig.Open();
        Assert.Equal(8, next.Recovered.Count);
        Assert.All(next.Recovered, log => Assert.Equal(expected[log.Id.ToByteArray()[0]], SpoolRig.ReadAll(log)));
    }

    [Fact]
    public async Task It_makes_no_file_before_it_is_opened_and_keeps_nothing()
    {
        using var rig = new SpoolRig();
        await using var spool = rig.Create();

        Assert.Equal(0, spool.Begin(Guid.NewGuid()).Append(1, "x"u8));
        Assert.False(Directory.Exists(rig.Folder));
    }

    [Fact]
    public async Task Its_bound_holds_and_room_that_is_given_back_is_used_again()
    {
        using var rig = new SpoolRig { Bytes = 2 * SpoolRig.Segment };
        await using var spool = rig.Open();
        var large = RandomNumberGenerator.GetBytes(1 << 20);
        var logs = new List<SpoolLog>();
        while (spool.BytesInUse < spool.Capacity)
        {
            logs.Add(spool.Begin(Guid.NewGuid()));
            logs[^1].Append(1, large);
            await Task.Yield(); // the second segment may not be ready yet
        }

        Assert.Equal(0, spool.Begin(Guid.NewGuid()).Append(1, large));
        Assert.Equal(SpoolCondition.Full, spool.State.Condition);
        Assert.Equal(2, rig.Files.Length);
        Assert.All(rig.Files, file => Assert.Equal(SpoolRig.Segment, new FileInfo(file).Length));

        var full = logs.First(log => SpoolRig.ReadAll(log).Length == large.Length);
        full.Release();
        full.Release();

        Assert.Equal(SpoolCondition.Works, spool.State.Condition);
        Assert.Equal(large.Length, spool.Begin(Guid.NewGuid()).Append(1, large));
        Assert.Equal(0, full.Append(1, "x"u8));
    }

    [Fact]
    public async Task After_a_gap_a_log_goes_on_and_what_is_read_is_what_was_kept()
    {
        using var rig = new SpoolRig { Bytes = SpoolRig.Segment };
        var kept = new MemoryStream();
        var id = Guid.NewGuid();
        await using (var spool = rig.Open())
        {
            var other = spool.Begin(Guid.NewGuid());
            other.Append(1, new byte[2 << 20]);
            var log = spool.Begin(id);
            var large = RandomNumberGenerator.GetBytes(8 << 20);
            kept.Write(large.AsSpan(0, log.Append(1, large)));
            Assert.InRange(kept.Length, 5 << 20, 6 << 20);
            Assert.Equal(0, log.Append(1, large));
            other.Release();
            kept.Write(large.AsSpan(0, log.Append(1, large.AsSpan(0, 100_000))));
            Assert.Equal(kept.ToArray(), SpoolRig.ReadAll(log));
        }

        await using var next = rig.Open();
        Assert.Equal(kept.ToArray(), SpoolRig.ReadAll(Assert.Single(next.Recovered, log => log.Id == id)));
    }

    [Fact]
    public async Task Segments_that_nobody_needs_any_more_go_but_for_one()
    {
        using var rig = new SpoolRig { Bytes = 8 * SpoolRig.Segment };
        await using var spool = rig.Open();
        var logs = Enumerable.Range(0, 40).Select(_ => spool.Begin(Guid.NewGuid())).ToList();
        await rig.PassUntilAsync(() => logs.Sum(log => log.Append(1, new byte[1 << 16])) >= 0 && spool.BytesInUse > 30 << 20);
        Assert.InRange(rig.Files.Length, 4, 8);

        logs.ForEach(log => log.Release());
        await rig.PassUntilAsync(() => rig.Files.Length == 1);

        Assert.Equal(0, spool.BytesInUse);
        Assert.Equal(1, spool.Begin(Guid.NewGuid()).Append(1, "x"u8));
    }

    [Fact]
    public async Task Files_of_an_earlier_process_go_when_all_their_logs_were_released()
    {
        using var rig = new SpoolRig();
        await using (var spool = rig.Open())
        {
            spool.Begin(Guid.NewGuid()).Append(1, "a"u8);
            spool.Begin(Guid.NewGuid()).Append(1, "b"u8);
            spool.Begin(Guid.NewGuid()).Append(1, "c"u8);
        }

        var earlier = rig.Files;
        await using var next = rig.Open();
        Assert.Equal(3 * Block, next.BytesInUse);
        next.Recovered[0].Release();
        next.Recovered[1].Release();
        Assert.Equal(Block, next.BytesInUse);
        Assert.NotEmpty(earlier.Intersect(rig.Files));
        next.Recovered[2].Release();
        await rig.PassUntilAsync(() => !earlier.Intersect(rig.Files).Any());

        await next.DisposeAsync();
        Assert.Empty(rig.Files);
    }

    [Fact]
    public async Task A_log_that_was_released_is_not_found_by_the_next_process()
    {
        using var rig = new SpoolRig { Bytes = SpoolRig.Segment }; // which stays, because the other log is in it
        var kept = Guid.NewGuid();
        await using (var spool = rig.Open())
        {
            spool.Begin(kept).Append(1, "kept"u8);
            var released = spool.Begin(Guid.NewGuid());
            released.Append(1, new byte[100_000]);
            released.Release();
        }

        await using var next = rig.Open();
        Assert.Equal(kept, Assert.Single(next.Recovered).Id);
    }

    [Fact]
    public async Task A_running_process_keeps_its_files_from_another_one()
    {
        using var rig = new SpoolRig();
        await using var first = rig.Open();
        var log = first.Begin(Guid.NewGuid());
        log.Append(1, "mine"u8);

        await using (var second = rig.Open())
        {
            Assert.Empty(second.Recovered);
        }

        Assert.Equal("mine"u8, SpoolRig.ReadAll(log));
        Assert.NotEmpty(rig.Files);
    }

    [Fact]
    public async Task Only_the_owner_can_read_it_and_its_room_is_taken_from_the_beginning()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "stat and modes of files.");
        using var rig = new SpoolRig();
        await using var spool = rig.Open();
        spool.Begin(Guid.NewGuid()).Append(1, "x"u8);

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(rig.Folder));
        Assert.All(rig.Files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%b %B", .. rig.Files[..1]]) { RedirectStandardOutput = true })!;
        var numbers = (await stat.StandardOutput.ReadToEndAsync(Patience.Cancel)).Split(' ');
        Assert.InRange(
            long.Parse(numbers[0], CultureInfo.InvariantCulture) * long.Parse(numbers[1], CultureInfo.InvariantCulture),
            SpoolRig.Segment, SpoolRig.Segment + (1 << 20));
    }

    [Fact]
    public async Task Nothing_of_the_content_or_the_id_is_in_the_files()
    {
        using var rig = new SpoolRig();
        var canary = "canary-of-the-spool-5f1c"u8.ToArray();
        var id = Guid.CreateVersion7();
        await using (var spool = rig.Open())
        {
            var log = spool.Begin(id);
            for (var i = 0; i < 2000; i++)
            {
                log.Append((byte)i, canary);
            }
        }

        Assert.All(rig.Files, file =>
        {
            var bytes = File.ReadAllBytes(file).AsSpan();
            Assert.Equal(-1, bytes.IndexOf(canary.AsSpan(0, 8)));
            Assert.Equal(-1, bytes.IndexOf(id.ToByteArray(bigEndian: true)));
            Assert.Equal(-1, bytes.IndexOf(Encoding.ASCII.GetBytes(id.ToString())));
        });
    }

    [Fact]
    public async Task What_is_sealed_under_a_key_that_is_gone_is_put_aside_once_and_found_when_the_key_is_back()
    {
        using var rig = new SpoolRig();
        var before = rig.Ring;
        await using (var spool = rig.Open())
        {
            spool.Begin(Guid.NewGuid()).Append(1, "x"u8);
        }

        foreach (var ring in new[] { SpoolRig.NewRing(), SpoolRig.NewRing("other") }) // of the same id, and of another one
        {
            rig.Ring = ring;
            await using var without = rig.Open();
            Assert.Empty(without.Recovered);
            Assert.Equal(0, without.BytesInUse);
        }

        Assert.EndsWith(".lost", Assert.Single(rig.Files));
        Assert.Single(rig.Log.Lines, line => line.Contains("master key that the server does not have"));
        rig.Ring = before;
        await using var with = rig.Open();
        Assert.Equal("x"u8, SpoolRig.ReadAll(Assert.Single(with.Recovered)));
    }

    [Theory]
    [InlineData("Always")]
    [InlineData("Interval")]
    [InlineData("Never")]
    public async Task It_works_however_it_is_brought_to_the_disk(string sync)
    {
        using var rig = new SpoolRig { Sync = Enum.Parse<SpoolSync>(sync) };
        await using var spool = rig.Open();
        var log = spool.Begin(Guid.NewGuid());
        Assert.Equal(40_000, log.Append(1, new byte[40_000]));
        ((FakeTimeProvider)rig.Clock).Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(SpoolCondition.Works, spool.State.Condition);
        Assert.Equal(40_000, SpoolRig.ReadAll(log).Length);
    }
}
