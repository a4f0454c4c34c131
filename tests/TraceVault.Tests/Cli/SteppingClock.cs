using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace TraceVault.Tests.Cli;

/// <summary>
/// A clock whose every time stamp is a tenth of a second after the one before. A test can wait until a time stamp is taken.
/// </summary>
internal sealed class SteppingClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Channel<long> _taken = Channel.CreateUnbounded<long>();
    private long _stamps;

    public override long GetTimestamp()
    {
        var stamp = Interlocked.Increment(ref _stamps) * (TimestampFrequency / 10);
        _taken.Writer.TryWrite(stamp);
        return stamp;
    }

    /// <summary>Ends when the next time stamp was taken.</summary>
    public Task TakenAsync() => _taken.Reader.ReadAsync(Patience.Cancel).AsTask();
}
