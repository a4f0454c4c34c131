using System.Collections.Concurrent;
using System.Threading.Channels;
using TraceVault.Capture.Spooling;
using TraceVault.Capture.Taping;

namespace TraceVault.Capture.Recording;

/// <summary>An exchange that waits for the recorder: one that ended, or a log that an earlier process left.</summary>
internal sealed record Waiting(Guid Id, Finished? Finished, SpoolLog? Log)
{
    /// <summary>About how much memory recording it takes, in bytes.</summary>
    public long Bytes => Log is null ? 0 : Finished is { End: var end } ? end.RequestBytes + end.AnswerBytes : 1 << 20;

    /// <summary>When the exchange began.</summary>
    public DateTimeOffset At => ExchangeStart.TimeOf(Id);
}

/// <summary>The exchanges that wait for the <see cref="Recorder"/>, in the order in which they ended.</summary>
internal sealed class RecorderQueue
{
    /// <summary>A batch has at most so many exchanges, and ends with the one that takes it beyond so many bytes.</summary>
    private const int MostExchanges = 256, MostBytes = 8 << 20;

    private readonly ConcurrentQueue<Waiting> _waiting = new();
    private readonly Channel<bool> _isFilled = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
    });
    private IReadOnlyList<Waiting> _back = [];

    /// <summary>Told of every exchange that ended.</summary>
    public event Action<Finished>? Taken;

    public int Count => _waiting.Count + _back.Count;

    /// <summary>When the exchange began that waits longest; null when none waits.</summary>
    public DateTimeOffset? Oldest => _back is [var first, ..] || _waiting.TryPeek(out first) ? first.At : null;

    /// <summary>Takes an exchange over. It neither waits nor throws, also when the server has ended.</summary>
    public void Add(Finished finished)
    {
        Taken?.Invoke(finished);
        Add(new Waiting(finished.Start.Id, finished, finished.Log));
    }

    /// <summary>Takes over what an earlier process left.</summary>
    public void Add(SpoolLog found) => Add(new Waiting(found.Id, null, found));

    /// <summary>Completes once something waits.</summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        while (Count == 0)
        {
            await _isFilled.Reader.ReadAsync(cancel);
        }
    }

    /// <returns>What waits, as much as fits into a batch.</returns>
    public IReadOnlyList<Waiting> TryTake()
    {
        if (_back.Count > 0)
        {
            (var back, _back) = (_back, []);
            return back;
        }

        var batch = new List<Waiting>();
        for (long bytes = 0; batch.Count < MostExchanges && bytes < MostBytes && _waiting.TryDequeue(out var next); bytes += next.Bytes)
        {
            batch.Add(next);
        }

        return batch;
    }

    /// <summary>Gives back what was taken: it is taken next.</summary>
    public void PutBack(IReadOnlyList<Waiting> batch) => _back = batch;

    private void Add(Waiting waiting)
    {
        _waiting.Enqueue(waiting);
        _isFilled.Writer.TryWrite(true);
    }
}
