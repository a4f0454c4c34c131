using TraceVault.Settings;

namespace TraceVault.Gateway;

internal static class GatewayFeature
{
    public static WebApplicationBuilder AddGateway(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<ProxyOptions>("Proxy"));
        builder.Services.AddSingleton<Dialing>();
        builder.Services.AddSingleton<Upstreams>();
        builder.Services.AddSingleton<RequestTargets>();
        builder.Services.AddSingleton<Forwarder>();
        builder.Services.AddSingleton<CallerCopies>();
        builder.Services.AddSingleton<Callers>();
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.Services.AddSingleton<GatewayLog>();
        builder.Services.AddSingleton<Gateway>();
        builder.Services.AddSingleton<TestRequest>();
        builder.Services.AddHostedService<LastUseWriter>();
        return builder;
    }

    /// <summary>To be called before anything that would read or normalise the path.</summary>
    public static void UseGateway(this WebApplication app)
    {
        var gateway = app.Services.GetRequiredService<Gateway>();
        app.Use(next => context => gateway.InvokeAsync(context, next));
    }
}
