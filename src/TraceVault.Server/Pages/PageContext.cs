using Microsoft.AspNetCore.Antiforgery;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Pages;

/// <summary>What every page needs to know about its request.</summary>
/// <param name="Me">The user who reads the page, if signed in.</param>
/// <param name="Path">The page's own path, which the navigation marks.</param>
/// <param name="FormToken">Goes into each form, see <see cref="ForgedForms"/>.</param>
public sealed record PageContext(SignedIn? Me, string Path, string FormToken)
{
    /// <summary>
    /// After a form's body was read this may run on a thread that serves sockets: nothing here may block it while waiting.
    /// </summary>
    public static async ValueTask<PageContext> BindAsync(HttpContext context)
    {
        await Access.ReadCookieAsync(context);
        var tokens = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        return Of(context, tokens.RequestToken!);
    }

    /// <summary>For a page without forms that must always be shown.</summary>
    public static PageContext WithoutForms(HttpContext context) => Of(context, "");

    /// <summary>
    /// For a page that no handler made. Only for GET and HEAD: a form that another site sends must not replace the token of the forms that
    /// are open.
    /// </summary>
    /// <returns>Null when nobody is signed in, or when that cannot be found out.</returns>
    public static async Task<PageContext?> OfVisitorAsync(HttpContext context)
    {
        var isLook = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (!isLook || SessionCookie.Read(context.Request) is null)
        {
            return null;
        }

        try
        {
            return await BindAsync(context) is { Me: not null } page ? page : null;
        }
        catch (Exception problem) when (context.RequestServices.GetRequiredService<Outage>().Caused(problem))
        {
            return null;
        }
    }

    public override string ToString() => Path;

    private static PageContext Of(HttpContext context, string formToken) =>
        new(context.Features.Get<SignedIn>(), context.Request.Path.Value ?? "/", formToken);
}
