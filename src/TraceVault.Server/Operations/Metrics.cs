using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using TraceVault.Capture.Recording;
using TraceVault.Gateway;
using TraceVault.Logging;

namespace TraceVault.Operations;

/// <summary>What <c>/metrics</c> shows: the proxy's instruments and the runtime's.</summary>
internal static class Metrics
{
    /// <summary>
    /// Begins to count. It is built separately from the server's other parts, so that another core can do it at the same time: it takes a
    /// tenth of the start.
    /// </summary>
    public static MeterProvider Collect() => Sdk.CreateMeterProviderBuilder()
        // An empty configuration, so that OTEL_… in the environment has no effect.
        .ConfigureServices(services => services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()))
        .ConfigureResource(resource => resource.AddService("tracevault"))
        .AddMeter(GatewayMetrics.MeterName, CaptureState.MeterName, Refusals.MeterName, LogWriter.MeterName, "System.Runtime")
        .AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0)
        .Build();
}
