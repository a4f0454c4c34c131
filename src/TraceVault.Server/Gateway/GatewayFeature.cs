using Microsoft.AspNetCore.Http.Metadata;
using TraceVault.Settings;

namespace TraceVault.Gateway;

internal static class GatewayFeature
{
    public static WebApplicationBuilder AddProxy(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<ProxyOptions>("Proxy"));
        builder.Services.AddSingleton(settings.Read<UpstreamOptions>());
        builder.Services.AddSingleton<Dialing>();
        builder.Services.AddSingleton<Upstream>();
        builder.Services.AddSingleton<UpstreamReach>();
        builder.Services.AddSingleton<Forwarder>();
        builder.Services.AddSingleton<Callers>();
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.Services.AddSingleton<GatewayLog>();
        builder.Services.AddSingleton<Gateway>();
        builder.Services.AddSingleton<TestRequest>();
        builder.Services.AddHostedService<LastUseWriter>();
        return builder;
    }

    /// <summary>In front of everything that would read or normalise the path.</summary>
    public static void UseProxy(this WebApplication app)
    {
        var proxy = app.Services.GetRequiredService<Gateway>();
        app.Use(next => context => proxy.InvokeAsync(context, next));
    }

    /// <summary>What a client that signed in asks of its gateway beside the API; see <see cref="RequestTarget"/>.</summary>
    public static void MapGateway(this WebApplication app)
    {
        var gateway = app.MapGroup(RequestTarget.Base);
        gateway.MapGet("/managed/settings", GatewayEndpoints.NoSettings);
        foreach (var signal in (string[])["metrics", "logs", "traces"])
        {
            gateway.MapPost($"/v1/{signal}", GatewayEndpoints.DropTelemetryAsync).WithMetadata(new SizeLimit(GatewayEndpoints.MaxTelemetryBytes));
        }
    }

    private sealed record SizeLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
