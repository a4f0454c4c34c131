using Microsoft.Extensions.Time.Testing;
using TraceVault.Capture.Spooling;

namespace TraceVault.Tests.Capture;

/// <summary>A stream does not wait for a disk that fails.</summary>
public sealed class SpoolHealthTests
{
    [Fact]
    public async Task After_two_slow_writes_there_is_none_until_one_works_in_time()
    {
        using var clock = new DiskClock();
        using var rig = new SpoolRig { Clock = clock };
        await using var spool = rig.Open();
        var log = spool.Begin(Guid.NewGuid());
        Assert.Equal(3, log.Append(1, "one"u8));
        clock.Step = TimeSpan.FromMilliseconds(101);

        Assert.Equal(3, log.Append(1, "two"u8)); // late, but kept
        clock.Step = TimeSpan.FromMilliseconds(99);
        Assert.Equal(1, log.Append(1, ","u8));
        clock.Step = TimeSpan.FromMilliseconds(101);
        Assert.Equal(1, log.Append(1, ","u8));
        Assert.Equal(SpoolCondition.Works, spool.State.Condition);
        Assert.Equal(1, log.Append(1, ","u8));
        Assert.Equal(0, log.Append(1, "three"u8));
        Assert.Equal((SpoolCondition.Broken, "Writes take too long."), (spool.State.Condition, spool.State.Reason));
        Assert.Equal(clock.GetUtcNow(), spool.State.Since, TimeSpan.FromSeconds(1));

        clock.Advance(TimeSpan.FromSeconds(1));
        await rig.Log.WaitForAsync("Broken", Patience.Cancel);
        Assert.Equal(0, log.Append(1, "four"u8));
        clock.Step = TimeSpan.Zero;
        await rig.PassUntilAsync(() => spool.State.Condition is SpoolCondition.Works);

        Assert.Equal(4, log.Append(1, "five"u8));
        Assert.Equal("onetwo,,,five"u8, SpoolRig.ReadAll(log));
        await rig.PassUntilAsync(() => rig.Log.Text.Contains("The spool works again."));
    }

    [Fact]
    public async Task A_single_write_that_takes_half_a_second_is_enough()
    {
        using var clock = new DiskClock();
        using var rig = new SpoolRig { Clock = clock };
        await using var spool = rig.Open();
        var log = spool.Begin(Guid.NewGuid());
        clock.Step = TimeSpan.FromMilliseconds(501);

        Assert.Equal(1, log.Append(1, "a"u8));
        Assert.Equal(0, log.Append(1, "b"u8));
    }

    [Fact]
    public async Task A_write_that_does_not_return_stops_no_other_stream()
    {
        using var clock = new DiskClock();
        using var rig = new SpoolRig { Clock = clock, Bytes = SpoolRig.Segment };
        await using var spool = rig.Open();
        var (stuck, other) = (spool.Begin(Guid.NewGuid()), spool.Begin(Guid.NewGuid()));
        stuck.Append(1, "a"u8);
        other.Append(1, "b"u8);
        var hanging = clock.HoldAsync(() => stuck.Append(1, "c"u8));
        await clock.HeldAsync();
        clock.Advance(TimeSpan.FromMilliseconds(501));

        Assert.Equal(0, other.Append(1, "d"u8));
        Assert.Equal("A write does not return.", spool.State.Reason);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, other.Append(1, "e"u8));

        clock.Let();
        await hanging;
        await rig.PassUntilAsync(() => other.Append(1, "f"u8) == 1);
        Assert.Equal("bf"u8, SpoolRig.ReadAll(other));
        Assert.Equal("ac"u8, SpoolRig.ReadAll(stuck));
    }

    [Fact]
    public async Task After_its_end_it_keeps_nothing_and_throws_nothing()
    {
        using var rig = new SpoolRig();
        var spool = rig.Open();
        var log = spool.Begin(Guid.NewGuid());
        log.Append(1, "x"u8);
        await spool.DisposeAsync();

        Assert.Equal(0, log.Append(1, "y"u8));
        Assert.Equal(SpoolCondition.Broken, spool.State.Condition);
        Assert.DoesNotContain(rig.DataFolder, spool.State.Reason);
        log.Release();
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_told_and_tried_again()
    {
        using var rig = new SpoolRig();
        await File.WriteAllTextAsync(rig.Folder, "in the way", Patience.Cancel);
        await using var spool = rig.Open();
        Assert.Equal(SpoolCondition.Broken, spool.State.Condition);
        Assert.DoesNotContain(rig.DataFolder, spool.State.Reason);
        Assert.Equal(0, spool.Begin(Guid.NewGuid()).Append(1, "x"u8));

        File.Delete(rig.Folder);
        await rig.PassUntilAsync(() => spool.State.Condition is SpoolCondition.Works);

        Assert.Equal(1, spool.Begin(Guid.NewGuid()).Append(1, "x"u8));
    }

    /// <summary>A clock by which each write takes a time that the test chooses, or does not return.</summary>
    private sealed class DiskClock() : FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56)), IDisposable
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _let = new();
        private int _heldThread, _stamps;
        private long _ahead;

        public TimeSpan Step { get; set; }

        public override long GetTimestamp()
        {
            if (Environment.CurrentManagedThreadId == _heldThread && ++_stamps == 2) // the second is behind the write
            {
                _held.SetResult();
                _let.Wait(Patience.Cancel);
            }

            return base.GetTimestamp() + Interlocked.Add(ref _ahead, Step.Ticks);
        }

        public Task HoldAsync(Action action) => Task.Factory.StartNew(
            () =>
            {
                _heldThread = Environment.CurrentManagedThreadId;
                action();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        public Task HeldAsync() => _held.Task;

        public void Let() => _let.Set();

        public void Dispose() => _let.Dispose();
    }
}
