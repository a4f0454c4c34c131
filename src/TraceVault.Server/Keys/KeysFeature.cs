namespace TraceVault.Keys;

internal static class KeysFeature
{
    public static WebApplicationBuilder AddKeys(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<KeyVault>();
        builder.Services.AddSingleton<ProviderKeys>();
        builder.Services.AddSingleton<KeyCheck>();
        return builder;
    }

    /// <summary>To be called once the schema is current.</summary>
    public static Task CheckKeysAsync(this WebApplication app, CancellationToken cancel = default) =>
        app.Services.GetRequiredService<KeyCheck>().RunAsync(cancel);
}
