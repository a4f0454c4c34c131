using TraceVault.Settings;

namespace TraceVault.Logging;

internal static class LoggingFeature
{
    public static WebApplicationBuilder AddServerLog(this WebApplicationBuilder builder, SettingsReader settings)
    {
        var options = settings.Read<LoggingOptions>();
        builder.Services.AddSingleton(options);
        builder.Logging.AddLog(options);
        return builder;
    }
}
