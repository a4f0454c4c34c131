using TraceVault.Settings;

namespace TraceVault.Storage;

internal static class StorageFeature
{
    public static WebApplicationBuilder AddStorage(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<StorageOptions>());
        builder.Services.AddSingleton<Database>();
        builder.Services.AddSingleton<Migrator>();
        builder.Services.AddSingleton<Outage>();
        builder.Services.AddHostedService<Sweeper>();
        return builder;
    }

    /// <summary>Adds a service whose expired rows are deleted from time to time.</summary>
    public static IServiceCollection AddExpiring<T>(this IServiceCollection services)
        where T : class, IExpiring =>
        services.AddSingleton<T>().AddSingleton<IExpiring>(provider => provider.GetRequiredService<T>());

    public static Task MigrateAsync(this WebApplication app, CancellationToken cancel = default) =>
        app.Services.GetRequiredService<Migrator>().MigrateAsync(cancel);
}
