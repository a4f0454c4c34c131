using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace TraceVault.Tests.Cli;

/// <summary>A clock that knows when somebody began to wait for it, so that a test moves it neither too early nor too often.</summary>
internal sealed class AwaitedClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && period == Timeout.InfiniteTimeSpan) // nobody waits for what recurs: a server's housekeeping
        {
            _waits.Writer.TryWrite(dueTime);
        }

        return timer;
    }

    /// <summary>Moves the clock on by each wait, until the work is done.</summary>
    public async Task<T> PassAsync<T>(Task<T> work)
    {
        for (var wait = NextAsync(); await Task.WhenAny(work, wait) == wait; wait = NextAsync())
        {
            Advance(await wait);
        }

        return await work;
    }

    private Task<TimeSpan> NextAsync() => _waits.Reader.ReadAsync(Patience.Cancel).AsTask();
}
