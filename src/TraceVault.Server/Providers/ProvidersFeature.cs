using TraceVault.Providers.Anthropic;
using TraceVault.Settings;

namespace TraceVault.Providers;

internal static class ProvidersFeature
{
    public static WebApplicationBuilder AddProviders(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<AnthropicOptions>());
        builder.Services.AddSingleton(settings.Read<AnthropicLimitsOptions>("Proxy"));
        builder.Services.AddSingleton<AnthropicProvider>();
        builder.Services.AddSingleton<Provider>(services => services.GetRequiredService<AnthropicProvider>());
        builder.Services.AddClaudeCode();
        return builder;
    }

    /// <summary>Maps what clients of a provider ask of the server itself.</summary>
    public static void MapProviders(this WebApplication app) => app.MapClaudeCode();
}
