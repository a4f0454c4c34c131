using TraceVault.Api;
using TraceVault.Settings;

namespace TraceVault.Operations;

internal static class OperationsFeature
{
    public static WebApplicationBuilder AddOperations(this WebApplicationBuilder builder, SettingsReader settings)
    {
        var options = settings.Read<OperationsOptions>();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<MetricsAccess>();
        builder.Services.AddSingleton<Health>();
        builder.Services.AddSingleton<Refusals>();
        builder.Services.AddJson(OperationsJson.Default);
        return builder;
    }

    /// <summary>Creates the counter before the first connection, so that it misses none.</summary>
    public static void WatchRefusals(this WebApplication app) => app.Services.GetRequiredService<Refusals>();

    public static void UseHealth(this WebApplication app)
    {
        var health = app.Services.GetRequiredService<Health>();
        app.Use(next => context => health.InvokeAsync(context, next));
    }

    public static void MapOperations(this WebApplication app)
    {
        var access = app.Services.GetRequiredService<MetricsAccess>();
        app.MapPrometheusScrapingEndpoint("/metrics").AddEndpointFilter(access);
    }
}
