using Microsoft.AspNetCore.Connections;

namespace TraceVault.FakeAnthropic;

/// <summary>Counts the TCP connections and wakes whoever waits for a number of them.</summary>
internal sealed class OpenConnections
{
    private readonly Lock _gate = new();
    private readonly HashSet<ConnectionContext> _open = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private int _total;

    public int Count { get { lock (_gate) { return _open.Count; } } }

    public int Total => Volatile.Read(ref _total);

    /// <summary>Connection middleware. A connection is gone when the peer has closed it, even while its handler still runs.</summary>
    public async Task TrackAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        Interlocked.Increment(ref _total);
        Change(open => open.Add(connection));
        await using var closed = connection.ConnectionClosed.UnsafeRegister(_ => Change(open => open.Remove(connection)), null);
        try
        {
            await next(connection);
        }
        finally
        {
            Change(open => open.Remove(connection));
        }
    }

    public Task WaitAsync(int count, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (_open.Count == count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task.WaitAsync(cancel);
        }
    }

    public void AbortAll()
    {
        ConnectionContext[] open;
        lock (_gate)
        {
            open = [.. _open];
        }

        foreach (var connection in open)
        {
            connection.Abort();
        }
    }

    private void Change(Func<HashSet<ConnectionContext>, bool> change)
    {
        lock (_gate)
        {
            if (!change(_open))
            {
                return;
            }

            foreach (var (count, reached) in _waiters)
            {
                if (count == _open.Count)
                {
                    reached.TrySetResult();
                }
            }

            _waiters.RemoveAll(waiter => waiter.Reached.Task.IsCompleted);
        }
    }
}
