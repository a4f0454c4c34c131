using Microsoft.AspNetCore.Antiforgery;
using TraceVault.Accounts;

namespace TraceVault.Pages;

/// <summary>What every page needs to know of its request.</summary>
/// <param name="Me">Who reads it, if signed in.</param>
/// <param name="Path">Its own path, which the navigation marks.</param>
/// <param name="FormToken">Goes into each form, see <see cref="ForgedForms"/>.</param>
public sealed record PageContext(SignedIn? Me, string Path, string FormToken)
{
    public static async ValueTask<PageContext> BindAsync(HttpContext context)
    {
        await SessionCookieHandler.ReadAsync(context);
        var tokens = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        return Of(context, tokens.RequestToken!);
    }

    /// <summary>For a page without forms, which nothing may keep from being shown.</summary>
    public static PageContext WithoutForms(HttpContext context) => Of(context, "");

    public override string ToString() => Path;

    private static PageContext Of(HttpContext context, string formToken) =>
        new(context.Features.Get<SignedIn>(), context.Request.Path.Value ?? "/", formToken);
}
