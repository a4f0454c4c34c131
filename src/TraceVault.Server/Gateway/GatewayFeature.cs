using Microsoft.AspNetCore.Http.Metadata;
using TraceVault.Hosting;
using TraceVault.Providers.Anthropic;
using TraceVault.Settings;

namespace TraceVault.Gateway;

internal static class GatewayFeature
{
    private const string Settings = "/managed/settings";

    private static readonly string[] Signals = ["/v1/metrics", "/v1/logs", "/v1/traces"];

    public static WebApplicationBuilder AddProxy(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<ProxyOptions>("Proxy"));
        builder.Services.AddSingleton<Dialing>();
        builder.Services.AddSingleton<Upstreams>();
        builder.Services.AddSingleton<RequestTargets>();
        builder.Services.AddSingleton<Forwarder>();
        builder.Services.AddSingleton<Callers>();
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.Services.AddSingleton<GatewayLog>();
        builder.Services.AddSingleton<Gateway>();
        builder.Services.AddSingleton<TestRequest>();
        builder.Services.AddHostedService<LastUseWriter>();
        builder.Services.AddReservedPaths(AnthropicProvider.Base, [Settings, .. Signals]);
        return builder;
    }

    /// <summary>To be called before anything that would read or normalise the path.</summary>
    public static void UseProxy(this WebApplication app)
    {
        var proxy = app.Services.GetRequiredService<Gateway>();
        app.Use(next => context => proxy.InvokeAsync(context, next));
    }

    /// <summary>Maps what Claude Code asks of its gateway besides the API (https://code.claude.com/docs/en/llm-gateway-protocol).</summary>
    public static void MapGateway(this WebApplication app)
    {
        var gateway = app.MapGroup(AnthropicProvider.Base);
        gateway.MapGet(Settings, GatewayEndpoints.NoSettings);
        foreach (var signal in Signals)
        {
            gateway.MapPost(signal, GatewayEndpoints.DropTelemetryAsync).WithMetadata(new SizeLimit(GatewayEndpoints.MaxTelemetryBytes));
        }
    }

    private sealed record SizeLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
