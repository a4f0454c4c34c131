using TraceVault.Accounts;
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
        app.MapGet("/api/v1/audit", AuditEndpoint.GetAsync).RequireAuthorization(SessionTokenHandler.AdminPolicy);
        app.MapAdminPages("/admin/audit").MapGet("", AuditPages.ShowAsync);
    }
}
