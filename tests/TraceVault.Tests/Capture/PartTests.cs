using System.Text;
using TraceVault.Capture.Parts;

namespace TraceVault.Tests.Capture;

public class PartTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(PartRig.Stores), MemberType = typeof(PartRig))]
    public async Task Every_body_of_a_long_trace_comes_back_exactly(string kind)
    {
        await using var rig = await PartRig.StartAsync(kind);
        var random = new Random(4);
        var written = await rig.WriteAsync(random, turns: Nightly.IsOn ? 2_000 : 600, flushEvery: 7);

        foreach (var (place, body) in written.Where((_, index) => index % 5 == 0).Append(written[^1]))
        {
            Assert.Equal(body, await rig.Reader.ReadAsync(place, rig.Key, Cancel));
        }
    }

    /// <summary>
    /// Each bit of a part, flipped alone: whoever does not depend on that frame reads on, everybody else gets an exception that names it.
    /// </summary>
    [Fact]
    public async Task A_flipped_bit_costs_exactly_what_depends_on_its_frame()
    {
        await using var rig = await PartRig.StartAsync("memory");
        var writer = rig.Write();
        var (chain, places) = (new TurnChain(), new List<(Place Place, byte[] Body)>());
        foreach (var text in (string[])["a first request, long enough", "a first request, long enough, and more", "something else: 01"])
        {
            var (body, reply) = (Encoding.ASCII.GetBytes(text), Encoding.ASCII.GetBytes("answer " + text));
            var (request, answer) = writer.Append(rig.Cipher, chain, body, reply);
            places.AddRange([(request, body), (answer!.Value, reply)]);
        }

        await writer.FlushAsync(Cancel);
        var part = rig.Memory[writer.Part];
        for (var bit = 0; bit < part.Length * 8; bit++)
        {
            part[bit / 8] ^= (byte)(1 << (bit % 8));
            var hit = places.FindIndex(each => bit / 8 < each.Place.Offset + each.Place.Length);
            for (var i = 0; i < places.Count; i++)
            {
                // The first four frames are a chain, the last two another one.
                var depends = hit <= i && (hit < 4) == (i < 4);
                if (depends)
                {
                    var problem = await Assert.ThrowsAsync<DamagedFrameException>(() => rig.ReadAsync(places[i].Place));
                    Assert.Equal(places[hit].Place, problem.Frame);
                }
                else
                {
                    Assert.Equal(places[i].Body, await rig.ReadAsync(places[i].Place));
                }
            }

            part[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public async Task A_frame_opens_at_its_own_place_alone()
    {
        await using var rig = await PartRig.StartAsync("memory");
        var (one, other) = (rig.Write(), rig.Write());
        var (body, chain) = (new byte[100], new TurnChain());
        var (place, _) = one.Append(rig.Cipher, chain, body, null);
        other.Append(rig.Cipher, new TurnChain(), body, null);
        await one.FlushAsync(Cancel);
        await other.FlushAsync(Cancel);
        var frame = rig.Memory[one.Part];
        Assert.Equal(place.Length, frame.Length);

        rig.Memory[other.Part] = frame;
        await Assert.ThrowsAsync<DamagedFrameException>(() => rig.ReadAsync(place with { Part = other.Part }));
        rig.Memory[one.Part] = [.. frame, .. frame];
        await Assert.ThrowsAsync<DamagedFrameException>(() => rig.ReadAsync(place with { Offset = frame.Length }));
        await Assert.ThrowsAsync<DamagedFrameException>(() => rig.ReadAsync(place with { Length = frame.Length - 1 }));
        await Assert.ThrowsAsync<DamagedFrameException>(() => rig.ReadAsync(place with { Length = frame.Length + 1 }));
        await Assert.ThrowsAsync<DamagedFrameException>(() => rig.ReadAsync(place with { Length = 3 }));
        var problem = await Assert.ThrowsAsync<DamagedFrameException>(() => rig.Reader.ReadAsync(place, TraceKey.Create(), Cancel));
        Assert.Contains($"{one.Part}", problem.Message);
        Assert.Equal(body, await rig.ReadAsync(place));
    }

    /// <summary>
    /// What a crash left behind the committed length may be in somebody's backup: put back, it must not pass for what was written there
    /// later.
    /// </summary>
    [Fact]
    public async Task A_frame_of_an_unfinished_step_does_not_stand_in_for_the_base()
    {
        await using var rig = await PartRig.StartAsync("memory");
        var lost = rig.Write();
        lost.Append(rig.Cipher, new TurnChain(), "the same length, one"u8.ToArray(), null);
        await lost.FlushAsync(Cancel);
        var remains = rig.Memory[lost.Part];

        var writer = rig.Write(lost.Part);
        var chain = new TurnChain();
        var (first, _) = writer.Append(rig.Cipher, chain, "the same length, two"u8.ToArray(), null);
        var (second, _) = writer.Append(rig.Cipher, chain, "the same length, two, three"u8.ToArray(), null);
        await writer.FlushAsync(Cancel);
        Assert.Equal("the same length, two, three"u8.ToArray(), await rig.ReadAsync(second));
        remains.CopyTo(rig.Memory[lost.Part], 0);

        Assert.Equal("the same length, one"u8.ToArray(), await rig.ReadAsync(first)); // it is a frame of this place, after all
        var problem = await Assert.ThrowsAsync<DamagedFrameException>(() => rig.ReadAsync(second));
        Assert.Equal(first, problem.Frame);
    }

    [Theory, MemberData(nameof(PartRig.Stores), MemberType = typeof(PartRig))]
    public async Task A_writer_goes_on_where_the_last_finished_step_ended(string kind)
    {
        await using var rig = await PartRig.StartAsync(kind);
        var (random, chain, before) = (new Random(5), new TurnChain(), rig.Write());
        var body = RandomBodies.Fresh(random, 5_000);
        var (place, answer) = before.Append(rig.Cipher, chain, body, RandomBodies.Fresh(random, 500));
        await before.FlushAsync(Cancel);
        var committed = before.Length;
        before.Append(rig.Cipher, chain, RandomBodies.Fresh(random, 50_000), null);
        await before.FlushAsync(Cancel); // and there it was killed

        var after = new PartWriter(rig.Store, rig.Deltas, before.Part, committed);
        var resumed = new TurnChain();
        resumed.Add(await rig.Reader.ResumeAsync(answer!.Value, rig.Key, Cancel));
        byte[] longer = [.. body, .. RandomBodies.Fresh(random, 100)];
        var (next, _) = after.Append(rig.Cipher, resumed, longer, null);
        await after.FlushAsync(Cancel);

        Assert.Equal(committed, next.Offset);
        Assert.InRange(next.Length, 1, 200); // a delta, not a new key frame
        Assert.Equal(longer, await rig.ReadAsync(next));
        Assert.Equal(body, await rig.ReadAsync(place));
        var rest = new byte[100];
        Assert.Equal(0, await rig.Store.ReadAsync(before.Part, after.Length, rest, Cancel));
    }

    [Theory, MemberData(nameof(PartRig.Stores), MemberType = typeof(PartRig))]
    public async Task A_store_cuts_anywhere_and_reads_any_range(string kind)
    {
        await using var rig = await PartRig.StartAsync(kind);
        var (random, part, expected) = (new Random(6), Guid.CreateVersion7(), new List<byte>());
        for (var round = 0; round < 40; round++)
        {
            var at = round == 0 ? 0 : random.Next(expected.Count + 1);
            var bytes = RandomBodies.Fresh(random, random.Next(1, round % 10 == 0 ? 700_000 : 3_000));
            await rig.Store.AppendAsync(part, at, bytes, Cancel);
            expected.RemoveRange(at, expected.Count - at);
            expected.AddRange(bytes);
            var (from, into) = (random.Next(expected.Count + 10), new byte[random.Next(expected.Count)]);
            var read = await rig.Store.ReadAsync(part, from, into, Cancel);
            Assert.Equal(expected.Skip(from).Take(into.Length), into[..read]);
        }
    }

    [Theory, MemberData(nameof(PartRig.Stores), MemberType = typeof(PartRig))]
    public async Task A_deleted_part_is_gone_and_the_others_stay(string kind)
    {
        await using var rig = await PartRig.StartAsync(kind);
        var (gone, stays) = (rig.Write(), rig.Write());
        var (lost, _) = gone.Append(rig.Cipher, new TurnChain(), new byte[100], null);
        var (kept, _) = stays.Append(rig.Cipher, new TurnChain(), new byte[100], null);
        Assert.False(await rig.Store.ExistsAsync(gone.Part, Cancel));
        await gone.FlushAsync(Cancel);
        await stays.FlushAsync(Cancel);
        Assert.True(await rig.Store.ExistsAsync(gone.Part, Cancel));

        await rig.Store.DeleteAsync(gone.Part, Cancel);
        await rig.Store.DeleteAsync(gone.Part, Cancel); // again is no error
        await rig.Store.DeleteAsync(Guid.CreateVersion7(), Cancel);

        Assert.False(await rig.Store.ExistsAsync(gone.Part, Cancel));
        Assert.Equal(gone.Part, (await Assert.ThrowsAsync<PartGoneException>(() => rig.ReadAsync(lost))).Part);
        gone.Append(rig.Cipher, new TurnChain(), new byte[100], null);
        await Assert.ThrowsAsync<PartGoneException>(() => gone.FlushAsync(Cancel));
        Assert.Equal(new byte[100], await rig.ReadAsync(kept));
    }

    [Theory, MemberData(nameof(PartRig.Stores), MemberType = typeof(PartRig))]
    public async Task A_part_that_lost_its_end_takes_nothing_more(string kind)
    {
        await using var rig = await PartRig.StartAsync(kind);
        var part = Guid.CreateVersion7();
        await rig.Store.AppendAsync(part, 0, new byte[100], Cancel);

        await Assert.ThrowsAsync<PartGoneException>(() => rig.Store.AppendAsync(part, 101, new byte[1], Cancel));

        var bytes = new byte[200];
        Assert.Equal(100, await rig.Store.ReadAsync(part, 0, bytes, Cancel));
        await Assert.ThrowsAsync<DamagedFrameException>(() => rig.ReadAsync(new Place(part, 90, 60)));
    }

    [Fact]
    public async Task Frames_depend_on_at_most_511_others_and_a_full_part_says_so()
    {
        await using var rig = await PartRig.StartAsync("memory");
        var (writer, chain) = (rig.Write(), new TurnChain());
        var keys = new List<int>();
        var body = RandomBodies.Noise(3_000);
        for (var turn = 0; turn < 600; turn++)
        {
            body = [.. body, (byte)turn];
            var (request, answer) = writer.Append(rig.Cipher, chain, body, [(byte)turn]);
            if (request.Length > 1_000)
            {
                keys.Add(turn);
            }

            await writer.FlushAsync(Cancel);
            Assert.InRange((await rig.Reader.ResumeAsync(answer!.Value, rig.Key, Cancel)).Frame.Depth, 1, FrameHead.MaxDepth);
        }

        Assert.Equal([0, 256, 512], keys);
        Assert.False(writer.IsFull);
        writer.Append(rig.Cipher, chain, RandomBodies.Noise(16 << 20), null);
        Assert.True(writer.IsFull);
    }

    /// <summary>On top of another line it would be as deep as that one, and begin anew soon again.</summary>
    [Fact]
    public async Task A_line_that_is_too_deep_begins_anew_by_itself()
    {
        await using var rig = await PartRig.StartAsync("memory");
        var (writer, chain) = (rig.Write(), new TurnChain());
        var (tools, keys) = (RandomBodies.Noise(3_000), 0);
        for (var turn = 0; turn < 500; turn++)
        {
            byte[] request = [.. RandomBodies.Noise(4_000).AsSpan(0, 2_000 + turn), .. tools];
            keys += writer.Append(rig.Cipher, chain, request, [1]).Request.Length > 1_000 ? 1 : 0;
            if (turn < 200) // then that line ends, half as deep as it may be
            {
                writer.Append(rig.Cipher, chain, [.. "other"u8, (byte)turn, .. tools], null);
            }
        }

        Assert.Equal(2, keys);
    }

    [Fact]
    public async Task A_line_survives_a_burst_of_small_requests_and_a_search_between()
    {
        await using var rig = await PartRig.StartAsync("memory");
        var (writer, chain) = (rig.Write(), new TurnChain());
        var main = RandomBodies.Noise(60_000);
        writer.Append(rig.Cipher, chain, main, null);
        for (var count = 0; count < 40; count++)
        {
            // With the end of the main conversation's, as a subagent has the same tools.
            writer.Append(rig.Cipher, chain, [.. RandomBodies.Noise(500 + count), .. main.AsSpan(^200..)], new byte[20]);
        }

        Assert.InRange(writer.Append(rig.Cipher, chain, [.. main, 1], null).Request.Length, 1, 100);
        Assert.InRange(chain.Bytes, main.Length, 70_000);
    }

    [Fact]
    public async Task Long_bodies_are_not_kept_without_end()
    {
        await using var rig = await PartRig.StartAsync("memory");
        var (writer, chain) = (rig.Write(), new TurnChain());
        for (var turn = 0; turn < 4; turn++)
        {
            writer.Append(rig.Cipher, chain, RandomBodies.Noise(7 << 20), null);
            Assert.InRange(chain.Bytes, 1, TurnChain.MaxBytes);
        }

        writer.Append(rig.Cipher, chain, new byte[20 << 20], null);
        Assert.Equal(20 << 20, chain.Bytes);
    }

    [Fact]
    public async Task Files_are_closed_to_others_and_hold_nothing_in_clear()
    {
        await using var rig = await PartRig.StartAsync("folder");
        var (writer, chain) = (rig.Write(), new TurnChain());
        var canary = "canary-7c1e in clear"u8.ToArray();
        for (var turn = 0; turn < 3; turn++)
        {
            writer.Append(rig.Cipher, chain, [.. canary, (byte)turn], canary);
        }

        await writer.FlushAsync(Cancel);

        var id = writer.Part.ToString();
        var file = Path.Combine(rig.Folder, "parts", id[^2..], id);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        foreach (var folder in (string[])[Path.GetDirectoryName(file)!, Path.Combine(rig.Folder, "parts")])
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        }

        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        Assert.Equal(writer.Length, bytes.Length);
        Assert.Equal(-1, bytes.AsSpan().IndexOf("canary"u8));
        Assert.Equal(-1, bytes.AsSpan().IndexOf(rig.Key.Reveal()));
    }

    [Fact]
    public async Task No_nonce_comes_twice()
    {
        await using var rig = await PartRig.StartAsync("memory");
        var (writer, chain) = (rig.Write(), new TurnChain());
        var nonces = Enumerable.Range(0, 2_000).Select(_ => writer.Append(rig.Cipher, chain, [1, 2, 3], null).Request).ToList();
        await writer.FlushAsync(Cancel);
        var part = rig.Memory[writer.Part];

        Assert.Equal(2_000, nonces.Select(
            place => Convert.ToHexString(part, (int)place.Offset + FrameHead.ClearSize, FrameHead.NonceSize)).Distinct().Count());
    }

    [Fact]
    public void A_trace_key_does_not_print()
    {
        var key = TraceKey.Create();
        Assert.Equal("[trace key]", $"{key}");
        Assert.Throws<ArgumentOutOfRangeException>(() => new TraceKey(new byte[31]));
    }
}
