using TraceVault.Operations;
using TraceVault.Pages;

namespace TraceVault.Audit;

internal static class AuditFeature
{
    public static WebApplicationBuilder AddAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<AuditLog>();
        builder.Services.AddSingleton<AuditReader>();
        return builder;
    }

    public static void MapAudit(this WebApplication app)
    {
        app.MapAdminApi("/audit").MapGet("", AuditEndpoint.GetAsync);
        app.MapAdminPages("/admin/audit").MapGet("", AuditPages.ShowAsync);
    }
}
