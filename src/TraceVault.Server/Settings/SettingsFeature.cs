namespace TraceVault.Settings;

internal static class SettingsFeature
{
    /// <summary>Replaces the framework's configuration sources by ours, so that nothing is read from where the operator does not expect it.</summary>
    public static WebApplicationBuilder UseSettings(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(settings.Configuration);
        builder.Services.AddSingleton(settings);
        return builder;
    }
}
