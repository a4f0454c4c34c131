using System.Security.Cryptography;
using TraceVault.Vault;

namespace TraceVault.Tests.Capture;

/// <summary>What happens to a process, and to its disk.</summary>
public sealed class SpoolCrashTests
{
    private readonly string _key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    [Fact]
    public async Task What_a_process_kept_outlives_its_sudden_end()
    {
        using var rig = new SpoolRig { Bytes = 64 * SpoolRig.Segment, Ring = KeyRing.Parse(_key, "KEY") };
        for (var round = 0; round < 5; round++)
        {
            var (kept, released) = await RunAndKillAsync(rig.DataFolder, lines: RandomNumberGenerator.GetInt32(200, 3000));
            await using var next = rig.Open();
            var found = next.Recovered.ToDictionary(log => log.Id);

            Assert.All(released, n => Assert.DoesNotContain(SpoolChild.Id(n), found.Keys));
            foreach (var (n, length) in kept.Where(each => !released.Contains(each.Key)))
            {
                Assert.True(found.Remove(SpoolChild.Id(n), out var log) || length == 0 || IsBeingReleased(n), $"Log {n} is lost.");
                var read = log is null ? [] : SpoolRig.ReadAll(log);
                Assert.InRange(read.Length, log is null ? 0 : length, int.MaxValue);
                Assert.Equal(SpoolChild.Content(n, 0, read.Length), read);
            }

            Assert.InRange(found.Count, 0, 3); // begun by a thread that did not come to say so
            next.Recovered.ToList().ForEach(log => log.Release());

            bool IsBeingReleased(int n) => n / 3 % 2 == 0 && n + 3 > kept.Keys.Where(other => other % 3 == n % 3).Max();
        }
    }

    /// <summary>The file system has room for one segment and a half.</summary>
    [Theory]
    [InlineData(SpoolChild.FullFolder, "Full", "There is no room for another segment: the disk is full.")]
    [InlineData(SpoolChild.FullFile, "Broken", "A write failed: the disk is full.")]
    public async Task On_a_full_disk_nothing_is_kept_until_there_is_room_again(string mode, string condition, string reason)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A small file system is made by mount.");
        using var rig = new SpoolRig();
        using var child = new SpoolChild(mode, rig.DataFolder, _key, """
            if unshare --mount true; then name=--mount; else name=--map-root-user; fi
            exec unshare --mount $name sh -ec 'mount -t tmpfs -o size=12m none "$SPOOL_DATA"; exec "$0" "$@"' "$0" "$@"
            """);

        Assert.Equal($"{condition} {reason}", await child.LineAsync());
        // Where the write failed, nothing is written again: it would be sealed under the same nonce.
        Assert.Equal("Works in another block: True", await child.LineAsync());
        Assert.Equal("All that was kept is there: True", await child.LineAsync());
    }

    private async Task<(Dictionary<int, int> Kept, HashSet<int> Released)> RunAndKillAsync(string data, int lines)
    {
        using var child = new SpoolChild(SpoolChild.Crash, data, _key);
        var (kept, released) = (new Dictionary<int, int>(), new HashSet<int>());
        for (var i = 0; await child.LineAsync() is { } line; i++)
        {
            if (i == lines)
            {
                child.Kill(); // what is in the pipe was said, and is still read
            }

            var words = line.Split(' ');
            var n = (int)SpoolChild.Number(words[1]);
            if (words[0] == "kept")
            {
                kept[n] = (int)SpoolChild.Number(words[2]);
            }
            else
            {
                released.Add(n);
            }
        }

        Assert.NotEmpty(kept);
        return (kept, released);
    }
}
