namespace TraceVault.Settings;

internal static class SettingsFeature
{
    /// <summary>Nothing watches appsettings.json for changes: in the folder beside it the embedded database may change at every request.</summary>
    private static readonly string[] WithoutFileWatcher = ["--hostBuilder:reloadConfigOnChange=false"];

    /// <summary>A builder with our sources of configuration in place of the framework's, so that nothing is read from where the operator does not expect it.</summary>
    public static WebApplicationBuilder CreateBuilder(SettingsReader settings)
    {
        var builder = WebApplication.CreateSlimBuilder(WithoutFileWatcher);
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(settings.Configuration);
        builder.Services.AddSingleton(settings);
        return builder;
    }

    /// <summary>Tells the operator of secrets that other users of the machine can read.</summary>
    public static void WarnOfSecretsInArguments(this WebApplication app)
    {
        foreach (var setting in app.Services.GetRequiredService<SettingsReader>().SecretsInArguments)
        {
            app.Logger.LogWarning("{Setting} stands on the command line, where every user of this machine can read it: set it in the environment.", setting);
        }
    }
}
