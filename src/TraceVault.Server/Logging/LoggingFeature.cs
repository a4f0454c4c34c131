using TraceVault.Settings;

namespace TraceVault.Logging;

internal static class LoggingFeature
{
    public static WebApplicationBuilder AddLog(this WebApplicationBuilder builder, SettingsReader settings)
    {
        var options = settings.Read<LoggingOptions>();
        builder.Services.AddSingleton(options);
        Log.Configure(builder.Logging, options);
        return builder;
    }
}
