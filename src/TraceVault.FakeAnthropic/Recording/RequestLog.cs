using System.Threading.Channels;

namespace TraceVault.FakeAnthropic;

/// <summary>The requests received so far, at most <paramref name="capacity"/>; the oldest is forgotten first.</summary>
internal sealed class RequestLog(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Queue<RecordedRequest> _kept = new();
    private readonly Channel<RecordedRequest> _untaken =
        Channel.CreateBounded<RecordedRequest>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest });

    public IReadOnlyList<RecordedRequest> Requests { get { lock (_gate) { return [.. _kept]; } } }

    public void Add(RecordedRequest request)
    {
        lock (_gate)
        {
            _kept.Enqueue(request);
            if (_kept.Count > capacity)
            {
                _kept.Dequeue();
            }

            _untaken.Writer.TryWrite(request);
        }
    }

    /// <exception cref="ChannelClosedException">The fake was stopped.</exception>
    public ValueTask<RecordedRequest> NextAsync(CancellationToken cancel) => _untaken.Reader.ReadAsync(cancel);

    public void Close() => _untaken.Writer.TryComplete();
}
