using TraceVault.Storage;

namespace TraceVault.Changes;

internal static class ChangesFeature
{
    public static WebApplicationBuilder AddChanges(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<AuditLog>();
        builder.Services.AddSingleton<ChangeFeed>();
        builder.Services.AddExpiring<ChangeMaker>();
        return builder;
    }
}
