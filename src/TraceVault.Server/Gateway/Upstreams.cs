using TraceVault.Providers;

namespace TraceVault.Gateway;

/// <summary>A provider, its host, and whether that host can be reached.</summary>
internal sealed record Route(Provider Provider, Upstream Upstream, UpstreamReach Reach);

/// <summary>The providers of this server, each with its host.</summary>
internal sealed class Upstreams : IDisposable
{
    public Upstreams(
        IEnumerable<Provider> providers,
        ProxyOptions options,
        Dialing dialing,
        GatewayMetrics metrics,
        ILoggerFactory loggers,
        TimeProvider clock) =>
        Routes = [.. providers.Select((provider, index) =>
        {
            var upstream = new Upstream(provider, index, options, dialing, clock);
            return new Route(provider, upstream, new UpstreamReach(upstream, metrics, loggers, clock));
        })];

    public Route[] Routes { get; }

    /// <param name="provider">Its name.</param>
    public Route Of(string provider) => Array.Find(Routes, route => route.Provider.Name == provider)
        ?? throw new ArgumentException($"There is no provider {provider}.", nameof(provider));

    public void Dispose()
    {
        foreach (var route in Routes)
        {
            route.Upstream.Dispose();
        }
    }
}
