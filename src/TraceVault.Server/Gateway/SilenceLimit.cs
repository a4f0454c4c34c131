namespace TraceVault.Gateway;

/// <summary>Cancels an exchange in which nothing has moved for too long, or whose client has left.</summary>
internal sealed class SilenceLimit : IDisposable
{
    private const double Slack = 0.01;

    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _left;
    private readonly CancellationTokenRegistration _leaving;
    private readonly TimeSpan _limit, _slack;
    private readonly TimeProvider _clock;
    private long _since;

    /// <param name="limit">How long nothing may move.</param>
    /// <param name="clock">The source of time.</param>
    /// <param name="left">Cancelled when the client leaves.</param>
    public SilenceLimit(TimeSpan limit, TimeProvider clock, CancellationToken left)
    {
        (_limit, _slack, _clock, _left, _since) = (limit * (1 + Slack), limit * Slack, clock, left, clock.GetTimestamp());
        _source = new CancellationTokenSource(_limit, clock);
        _leaving = left.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Whether the exchange waits for the client to take what it is sent.</summary>
    public bool IsOfClient { get; set; }

    /// <summary>Whether the exchange waits for the client to send more of its body.</summary>
    public bool IsOfUpload { get; set; }

    /// <summary>Whether the silence was too long.</summary>
    public bool IsOver => _source.IsCancellationRequested && !_left.IsCancellationRequested;

    /// <summary>
    /// To be called when something has moved. A timer is expensive to set, so it is left alone for a hundredth of the limit, which is added
    /// to the limit.
    /// </summary>
    public void Moved()
    {
        var now = _clock.GetTimestamp();
        if (_clock.GetElapsedTime(_since, now) > _slack)
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
