namespace TraceVault.Proxy;

/// <summary>Cancels an exchange in which nothing has moved for too long, or whose client has left.</summary>
internal sealed class SilenceLimit : IDisposable
{
    private const double Slack = 0.01;

    private readonly CancellationTokenSource _source = new();
    private readonly CancellationToken _left;
    private readonly CancellationTokenRegistration _leaving;
    private readonly TimeSpan _limit;
    private long _since = Environment.TickCount64;

    /// <param name="limit">How long nothing may move.</param>
    /// <param name="left">Cancelled when the client leaves.</param>
    public SilenceLimit(TimeSpan limit, CancellationToken left)
    {
        (_limit, _left) = (limit * (1 + Slack), left);
        _source.CancelAfter(_limit);
        _leaving = left.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Whether it is the client that is waited for: that it takes what it is sent.</summary>
    public bool IsOfClient { get; set; }

    /// <summary>Whether the silence was too long.</summary>
    public bool IsOver => _source.IsCancellationRequested && !_left.IsCancellationRequested;

    /// <summary>Something moved. A timer is dear to set: it is left alone for a hundredth of the limit, which is added to it.</summary>
    public void Broken()
    {
        var now = Environment.TickCount64;
        if (now - _since > _limit.TotalMilliseconds * Slack)
        {
            _since = now;
            _source.CancelAfter(_limit);
        }
    }

    public void Cancel() => _source.Cancel();

    public void Dispose()
    {
        _leaving.Dispose();
        _source.Dispose();
    }
}
