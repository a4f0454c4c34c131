using TraceVault.Settings;

namespace TraceVault.Vault;

internal static class VaultFeature
{
    public static WebApplicationBuilder AddVault(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<VaultOptions>());
        builder.Services.AddSingleton<MasterKey>();
        builder.Services.AddSingleton(services => services.GetRequiredService<MasterKey>().Load());
        return builder;
    }

    /// <summary>
    /// Finds the master key before the database is created: when an embedded database exists but its key file is missing, the start stops.
    /// </summary>
    public static void LoadMasterKey(this WebApplication app) => app.Services.GetRequiredService<KeyRing>();
}
