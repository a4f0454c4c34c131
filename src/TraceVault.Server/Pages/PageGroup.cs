using TraceVault.Accounts;

namespace TraceVault.Pages;

/// <summary>The group that every page belongs to: what all of them refuse is refused here.</summary>
internal static class PageGroup
{
    /// <summary>Pages for anybody.</summary>
    public static RouteGroupBuilder MapPages(this WebApplication app, string prefix)
    {
        var pages = app.MapGroup(prefix);
        // The framework checks only forms that a handler reads; ForgedForms checks every change, so its own check is off.
        pages.DisableAntiforgery();
        pages.AddEndpointFilter<ForeignHosts>();
        pages.AddEndpointFilter<ForgedForms>();
        return pages;
    }

    /// <summary>Pages for who is signed in; nothing of them is kept in a cache.</summary>
    public static RouteGroupBuilder MapPrivatePages(this WebApplication app, string prefix)
    {
        var pages = app.MapPages(prefix);
        pages.RequireAuthorization(SessionCookieHandler.Policy);
        return pages;
    }

    /// <summary>Pages for the owner and the administrators.</summary>
    public static RouteGroupBuilder MapAdminPages(this WebApplication app, string prefix)
    {
        var pages = app.MapPages(prefix);
        pages.RequireAuthorization(SessionCookieHandler.AdminPolicy);
        return pages;
    }
}
