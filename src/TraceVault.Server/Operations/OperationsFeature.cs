using System.Text.Json;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using TraceVault.Proxy;
using TraceVault.Settings;

namespace TraceVault.Operations;

internal static class OperationsFeature
{
    public static WebApplicationBuilder AddOperations(this WebApplicationBuilder builder, SettingsReader settings)
    {
        var options = settings.Read<OperationsOptions>();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<MetricsAccess>();
        builder.Services.AddExceptionHandler<ApiErrors>();
        builder.Services.AddProblemDetails();
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
        builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("tracevault")).WithMetrics(metrics => metrics
            .AddMeter(ProxyMetrics.MeterName, "System.Runtime")
            .AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0));
        builder.Logging.AddLog(options);
        return builder;
    }

    public static void UseApiErrors(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages(ApiErrors.WriteStatusAsync);
    }

    public static void MapOperations(this WebApplication app)
    {
        app.MapGet("/healthz", Health.Live);
        app.MapGet("/readyz", Health.ReadyAsync);
        var access = app.Services.GetRequiredService<MetricsAccess>();
        app.MapPrometheusScrapingEndpoint("/metrics").AddEndpointFilter(access);
    }
}
