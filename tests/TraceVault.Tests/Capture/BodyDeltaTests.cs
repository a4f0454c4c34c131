using TraceVault.Capture.Parts;

namespace TraceVault.Tests.Capture;

public sealed class BodyDeltaTests : IDisposable
{
    private readonly BodyDelta _deltas = new();

    [Fact]
    public void Any_body_comes_back_exactly_whatever_its_base()
    {
        var random = new Random(20261201);
        for (var round = 0; round < (Nightly.IsOn ? 100_000 : 2_000); round++)
        {
            // Few are long: the shape of an edit does not depend on it.
            var length = random.Next(1 << random.Next(1, round % 50 == 0 ? 22 : 15));
            var earlier = RandomBodies.Fresh(random, length);
            var body = round % 10 == 0 ? RandomBodies.Fresh(random, random.Next(length + 1)) : RandomBodies.Edited(random, earlier);
            var aside = round % 3 == 0 ? [] : RandomBodies.Fresh(random, random.Next(4_000));
            AssertReturns(earlier, aside, body);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(24, 25)]
    [InlineData(300_000, 0)]
    [InlineData(0, 32 << 20)]
    [InlineData(32 << 20, 32 << 20)]
    [InlineData((8 << 20) + 1, (32 << 20) - 1)]
    public void So_do_bodies_at_the_limits(int earlier, int body)
    {
        var random = new Random(earlier ^ body);
        var (one, other) = (RandomBodies.Fresh(random, earlier), RandomBodies.Fresh(random, body));
        AssertReturns(one, [], other);
        AssertReturns([], [], other);
        AssertReturns(other, [], other);
        AssertReturns(other, [], [.. other, .. one]);
        AssertReturns(other, one, [.. one, .. other]);
    }

    /// <summary>Zstandard reads such bytes as a dictionary with tables of its own, unless it is told that they are none.</summary>
    [Fact]
    public void A_base_that_looks_like_a_dictionary_is_only_bytes()
    {
        byte[] magic = [0x37, 0xa4, 0x30, 0xec];
        var earlier = (byte[])[.. magic, .. Enumerable.Repeat("some text of the base "u8.ToArray(), 40).SelectMany(text => text)];
        AssertReturns(earlier, [], [1, .. earlier, 2]);
        AssertReturns([], earlier, [1, .. earlier, 2]);
    }

    [Fact]
    public void What_both_have_costs_nothing()
    {
        var earlier = RandomBodies.Fresh(new Random(1), 500_000);
        var body = (byte[])[.. earlier.AsSpan(0, 300_000), .. "something new"u8, .. earlier.AsSpan(300_000)];
        Assert.InRange(Encode(earlier, [], body).Length, 1, 40);
        Assert.InRange(Encode(earlier, [], earlier).Length, 1, 10);
    }

    [Fact]
    public void What_moved_and_what_the_answer_said_cost_little()
    {
        var (talk, tools, answer) = (RandomBodies.Noise(100_000), RandomBodies.Noise(40_000), RandomBodies.Noise(2_000));
        byte[] earlier = [.. talk, .. tools, .. "first"u8], body = [.. talk, .. answer, .. tools, .. "second"u8];
        Assert.InRange(Encode(earlier, answer, body).Length, 1, 100);
        Assert.InRange(Encode(earlier, [], body).Length, 2_000, 2_100);
    }

    [Fact]
    public void Hostile_bytes_raise_the_one_exception_or_give_a_body_of_the_length_they_state()
    {
        var random = new Random(3);
        var earlier = RandomBodies.Fresh(random, 20_000);
        var good = Encode(earlier, [], RandomBodies.Edited(random, earlier)).ToArray();
        for (var round = 0; round < (Nightly.IsOn ? 200_000 : 5_000); round++)
        {
            var bytes = (round % 4) switch
            {
                0 => RandomBodies.Fresh(random, random.Next(60)),
                1 => good[..random.Next(good.Length)],
                2 => [.. good, .. RandomBodies.Fresh(random, random.Next(1, 9))],
                _ => RandomBodies.Edited(random, good),
            };
            try
            {
                Assert.InRange(Decode(earlier, [], bytes).Length, 0, 64 << 20);
            }
            catch (InvalidDataException)
            {
                // That is the one.
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("02 00 00 00")] // a form of the future
    [InlineData("00 05 00 00")] // five bytes, and none there
    [InlineData("00 05 03 03")] // start and end overlap in the body
    [InlineData("00 00 00 00 00")] // something follows
    [InlineData("00 c8 01 c8 01 00")] // more in common than the base has
    [InlineData("01 80 80 80 80 02 00 00 28 b5 2f fd")] // 512 MiB of four bytes
    [InlineData("00 81 80 80 80 02 00 00")] // a byte more than 512 MiB
    [InlineData("00 ff ff ff ff ff 01 00 00")] // a number without an end
    [InlineData("01 05 00 00 28 b5 2f fd 20 04 21 00 00 61 61 61 61")] // a frame of four bytes that says five
    public void A_delta_that_contradicts_itself_is_refused(string hex)
    {
        var delta = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => Decode(new byte[100], [], delta));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    public void Dispose() => _deltas.Dispose();

    private void AssertReturns(byte[] earlier, byte[] aside, byte[] body)
    {
        var delta = Encode(earlier, aside, body);
        Assert.True(Decode(earlier, aside, delta).SequenceEqual(body), $"{earlier.Length} {aside.Length} {body.Length}");
        Assert.InRange(delta.Length, 1, body.Length + DeltaHead.MaxSize);
    }

    private ReadOnlySpan<byte> Encode(byte[] earlier, byte[] aside, byte[] body) =>
        _deltas.Encode(earlier, aside, body, Common.Of(earlier, body));

    private ReadOnlySpan<byte> Decode(byte[] earlier, byte[] aside, ReadOnlySpan<byte> delta)
    {
        var body = new EditedBody();
        earlier.CopyTo(body.Replace(0, 0, earlier.Length));
        _deltas.Apply(delta, aside, body);
        return body.Bytes;
    }
}
