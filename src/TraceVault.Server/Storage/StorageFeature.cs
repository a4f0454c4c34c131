using TraceVault.Settings;

namespace TraceVault.Storage;

internal static class StorageFeature
{
    public static WebApplicationBuilder AddStorage(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<StorageOptions>());
        builder.Services.AddSingleton<Database>();
        builder.Services.AddSingleton<Migrator>();
        return builder;
    }

    public static Task MigrateAsync(this WebApplication app, CancellationToken cancel = default) =>
        app.Services.GetRequiredService<Migrator>().MigrateAsync(cancel);
}
