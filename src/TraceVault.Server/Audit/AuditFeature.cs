using TraceVault.Api;
using TraceVault.Pages;

namespace TraceVault.Audit;

internal static class AuditFeature
{
    public static WebApplicationBuilder AddAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<AuditReader>();
        builder.Services.AddJson(AuditJson.Default);
        return builder;
    }

    public static void MapAudit(this WebApplication app)
    {
        app.MapAdminApi("/audit").MapGet("", AuditEndpoint.GetAsync);
        app.MapAdminPages("/admin/audit").MapGet("", AuditPages.ShowAsync);
    }
}
