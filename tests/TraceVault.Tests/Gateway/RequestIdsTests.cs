using System.Collections.Concurrent;
using TraceVault.Gateway;

namespace TraceVault.Tests.Gateway;

public class RequestIdsTests
{
    [Fact]
    public void An_id_is_a_UUID_of_version_7_with_the_time_in_it()
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(0x0199_1234_5678);
        for (var i = 0; i < 1000; i++)
        {
            var id = Guid.ParseExact(RequestIds.Create(now), "D");
            Assert.StartsWith("01991234-5678-7", id.ToString());
            Assert.Equal((7, 2), (id.Version, id.Variant >> 2));
        }
    }

    [Fact]
    public void Ids_of_one_moment_differ_on_all_threads()
    {
        var now = DateTimeOffset.UnixEpoch;
        var ids = new ConcurrentBag<string>();
        Parallel.For(0, 20_000, new ParallelOptions { CancellationToken = Patience.Cancel }, _ => ids.Add(RequestIds.Create(now)));
        Assert.Equal(ids.Count, ids.Distinct().Count());
        // Every random bit is sometimes 0 and sometimes 1.
        var all = ids.Select(id => Guid.Parse(id).ToByteArray(bigEndian: true)).ToList();
        for (var bit = 48; bit < 128; bit++)
        {
            var ones = all.Count(id => (id[bit / 8] & (0x80 >> (bit % 8))) != 0);
            var isFixed = bit is >= 48 and < 52 or 64 or 65;
            Assert.True(
                isFixed ? ones == 0 || ones == all.Count : Math.Abs(ones - (all.Count / 2)) < 1000, $"bit {bit}: {ones} of {all.Count}");
        }
    }
}
