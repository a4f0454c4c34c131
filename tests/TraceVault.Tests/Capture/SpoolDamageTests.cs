using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TraceVault.Tests.Capture;

/// <summary>Whatever happens to the files: what is read of a log is a beginning of what was appended, and nothing else.</summary>
public sealed class SpoolDamageTests
{
    [Theory]
    [InlineData("flip")]
    [InlineData("truncate")]
    [InlineData("clear a page")]
    [InlineData("put an older page back")]
    [InlineData("copy a block over another")]
    public async Task What_is_read_is_a_beginning_of_what_was_appended(string damage)
    {
        for (var round = 0; round < 10; round++)
        {
            using var rig = new SpoolRig { Bytes = SpoolRig.Segment };
            var (expected, older) = await FillAsync(rig);
            Harm(rig.Files[0], damage, older);
            await using var next = rig.Open();

            Assert.All(next.Recovered, log =>
            {
                var read = SpoolRig.ReadAll(log);
                Assert.Equal(expected[log.Id][..read.Length], read);
                // Nothing tells how long a log was whose last blocks are gone, as those are of one that an older page brings back.
                var mayLackItsEnd = damage is "truncate" or "put an older page back";
                Assert.True(!log.IsWhole || mayLackItsEnd || read.Length + SpoolRig.Block > expected[log.Id].Length, "A hole is noticed.");
            });
        }
    }

    [Fact]
    public async Task A_hole_in_the_middle_ends_a_log_and_is_told()
    {
        using var rig = new SpoolRig { Bytes = SpoolRig.Segment };
        var content = RandomNumberGenerator.GetBytes(200_000);
        await using (var spool = rig.Open())
        {
            spool.Begin(Guid.NewGuid()).Append(1, content);
        }

        Write(rig.Files[0], (6 * SpoolRig.Block) + 5000, [1, 2, 3, 4]);
        await using var next = rig.Open();

        var log = Assert.Single(next.Recovered);
        Assert.True(log.IsWhole);
        Assert.Equal(content[..SpoolRig.ReadAll(log).Length], SpoolRig.ReadAll(log));
        Assert.InRange(SpoolRig.ReadAll(log).Length, 5 * 16_000, 5 * SpoolRig.Block);
        Assert.False(log.IsWhole);
    }

    [Fact]
    public async Task A_block_that_is_missing_is_told_before_anything_is_read()
    {
        using var rig = new SpoolRig { Bytes = SpoolRig.Segment };
        await using (var spool = rig.Open())
        {
            spool.Begin(Guid.NewGuid()).Append(1, new byte[200_000]);
        }

        Write(rig.Files[0], 6 * SpoolRig.Block, new byte[SpoolRig.Block]);
        await using var next = rig.Open();

        Assert.False(Assert.Single(next.Recovered).IsWhole);
    }

    [Fact]
    public async Task What_a_block_held_before_is_never_read_again()
    {
        using var rig = new SpoolRig { Bytes = SpoolRig.Segment };
        var id = Guid.NewGuid();
        await using (var spool = rig.Open())
        {
            var before = spool.Begin(id); // of the same id, and of the same sizes: only the use of the blocks differs
            for (var i = 0; i < 500; i++)
            {
                before.Append(1, Enumerable.Repeat((byte)1, 1000).ToArray());
            }

            before.Release();
            var after = spool.Begin(id);
            after.Append(1, Enumerable.Repeat((byte)2, 1000).ToArray());
            after.Append(1, Enumerable.Repeat((byte)2, 1000).ToArray());
        }

        await using var next = rig.Open();
        var read = SpoolRig.ReadAll(Assert.Single(next.Recovered));
        Assert.Equal(2000, read.Length);
        Assert.DoesNotContain((byte)1, read);
        Assert.True(next.Recovered[0].IsWhole);
    }

    [Fact]
    public async Task No_use_of_a_block_has_the_number_of_another()
    {
        using var rig = new SpoolRig { Bytes = SpoolRig.Segment };
        var seen = new HashSet<ulong>();
        await using var spool = rig.Open();
        for (var i = 0; i < 20; i++)
        {
            var log = spool.Begin(Guid.NewGuid());
            log.Append(1, new byte[50_000]);
            var file = await SpoolRig.PeekAsync(rig.Files[0]);
            for (var block = 1; block <= 4; block++)
            {
                Assert.True(seen.Add(BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(block * SpoolRig.Block))));
            }

            log.Release();
        }
    }

    /// <summary>Logs of several blocks side by side, in blocks that others had before.</summary>
    /// <returns>What was appended to each, and the segment as it was while the others had it.</returns>
    private static async Task<(Dictionary<Guid, byte[]> Expected, byte[] Older)> FillAsync(SpoolRig rig)
    {
        var expected = new Dictionary<Guid, byte[]>();
        await using var spool = rig.Open();
        var earlier = Enumerable.Range(0, 5).Select(_ => spool.Begin(Guid.NewGuid())).ToList();
        foreach (var log in earlier)
        {
            expected[log.Id] = RandomNumberGenerator.GetBytes(100_000);
            log.Append(9, expected[log.Id]);
        }

        var older = await SpoolRig.PeekAsync(rig.Files[0]);
        earlier.ForEach(log => log.Release());
        Assert.Equal(0, spool.BytesInUse);
        var logs = Enumerable.Range(0, 5).Select(_ => spool.Begin(Guid.NewGuid())).ToList();
        for (var i = 0; i < 60; i++)
        {
            foreach (var log in logs)
            {
                var content = RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(1, 3000));
                Assert.Equal(content.Length, log.Append(1, content));
                expected[log.Id] = [.. expected.GetValueOrDefault(log.Id, []), .. content];
            }
        }

        return (expected, older);
    }

    private static void Harm(string path, string damage, byte[] older)
    {
        var used = 40 * SpoolRig.Block;
        var at = RandomNumberGenerator.GetInt32(SpoolRig.Block, used);
        var page = at / 4096 * 4096;
        var block = at / SpoolRig.Block * SpoolRig.Block;
        switch (damage)
        {
            case "flip":
                Write(path, at, [(byte)(File.ReadAllBytes(path)[at] ^ 1)]);
                break;
            case "truncate":
                using (var file = new FileStream(path, FileMode.Open))
                {
                    file.SetLength(at);
                }

                break;
            case "clear a page":
                Write(path, page, new byte[4096]);
                break;
            case "put an older page back":
                Write(path, page, older.AsSpan(page, 4096));
                break;
            default:
                var other = RandomNumberGenerator.GetInt32(1, 40) * SpoolRig.Block;
                Write(path, block, File.ReadAllBytes(path).AsSpan(other, SpoolRig.Block));
                break;
        }
    }

    private static void Write(string path, int at, ReadOnlySpan<byte> bytes)
    {
        using var file = new FileStream(path, FileMode.Open);
        file.Position = at;
        file.Write(bytes);
    }
}
