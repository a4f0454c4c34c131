namespace TraceVault.Hosting;

/// <summary>The end of the server's life: running requests may go on for a while, new ones are refused.</summary>
internal sealed class Drain
{
    /// <summary>The web server breaks connections off on its own timer.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(100);

    private readonly TimeSpan _limit;
    private readonly TimeProvider _clock;
    private long _since;

    public Drain(HostingOptions options, IHostApplicationLifetime lifetime, TimeProvider clock)
    {
        (_limit, _clock) = (options.DrainTimeout - Slack, clock);
        lifetime.ApplicationStopping.Register(() => Volatile.Write(ref _since, _clock.GetTimestamp()));
    }

    public bool IsUnderWay => Volatile.Read(ref _since) != 0;

    /// <summary>Whether requests that still run are being cut off.</summary>
    public bool IsOver => IsUnderWay && _clock.GetElapsedTime(Volatile.Read(ref _since)) >= _limit;
}
