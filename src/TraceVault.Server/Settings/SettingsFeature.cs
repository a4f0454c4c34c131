namespace TraceVault.Settings;

internal static class SettingsFeature
{
    /// <summary>
    /// Turns off watching appsettings.json for changes: the embedded database, in a folder beside it, may change at every request.
    /// </summary>
    private static readonly string[] WithoutFileWatcher = ["--hostBuilder:reloadConfigOnChange=false"];

    /// <summary>
    /// Makes a builder with our sources of configuration instead of the framework's, so that nothing is read from a place that the operator
    /// does not expect.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder(SettingsReader settings)
    {
        var builder = WebApplication.CreateSlimBuilder(WithoutFileWatcher);
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(settings.Configuration);
        builder.Services.AddSingleton(settings);
        return builder;
    }

    /// <summary>Warns the operator of secrets that other users of the machine can read.</summary>
    public static void WarnOfSecretsInArguments(this WebApplication app)
    {
        foreach (var setting in app.Services.GetRequiredService<SettingsReader>().SecretsInArguments)
        {
            app.Logger.LogWarning(
                "{Setting} is on the command line, where every user of this machine can read it: set it in the environment.", setting);
        }
    }
}
