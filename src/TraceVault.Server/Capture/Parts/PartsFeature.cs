namespace TraceVault.Capture.Parts;

internal static class PartsFeature
{
    /// <summary>The keys and the reader. Where the parts are (<see cref="IPartStore"/>) is a setting of the capture.</summary>
    public static WebApplicationBuilder AddParts(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CaptureVault>();
        builder.Services.AddSingleton<TraceKeys>();
        builder.Services.AddSingleton<UserKeyCheck>();
        builder.Services.AddSingleton<PartReader>();
        return builder;
    }

    /// <summary>To be called once the schema is current.</summary>
    public static Task CheckUserKeysAsync(this WebApplication app, CancellationToken cancel = default) =>
        app.Services.GetRequiredService<UserKeyCheck>().RunAsync(cancel);
}
