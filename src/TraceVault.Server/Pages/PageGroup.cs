using Microsoft.AspNetCore.Antiforgery;
using TraceVault.Hosting;
using TraceVault.Identity;

namespace TraceVault.Pages;

/// <summary>The group that every page belongs to; its filters refuse what no page accepts.</summary>
internal static class PageGroup
{
    /// <summary>Pages for anybody.</summary>
    public static RouteGroupBuilder MapPages(this WebApplication app, string prefix)
    {
        var pages = app.MapGroup(prefix);
        // The framework checks only forms that a handler reads. ForgedForms checks every change, so the framework's check is off.
        pages.DisableAntiforgery();
        pages.WithMetadata(new PageForms.Marker());
        // Filters as instances: for a type the framework compiles an expression tree for each endpoint, at every start.
        pages.AddEndpointFilter(new ForeignHosts(app.Services.GetRequiredService<PublicUrl>()));
        pages.AddEndpointFilter(new ForgedForms(
            app.Services.GetRequiredService<IAntiforgery>(), app.Services.GetRequiredService<RefusedRequests>()));
        return pages;
    }

    /// <summary>Pages for users who are signed in; no cache keeps them.</summary>
    public static RouteGroupBuilder MapPrivatePages(this WebApplication app, string prefix)
    {
        var pages = app.MapPages(prefix);
        pages.RequireAuthorization(Access.Page);
        return pages;
    }

    /// <summary>Pages for the owner and the administrators.</summary>
    public static RouteGroupBuilder MapAdminPages(this WebApplication app, string prefix)
    {
        var pages = app.MapPages(prefix);
        pages.RequireAuthorization(Access.AdminPage);
        return pages;
    }
}
