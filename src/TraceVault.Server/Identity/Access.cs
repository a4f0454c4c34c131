using Microsoft.AspNetCore.Authentication;

namespace TraceVault.Identity;

/// <summary>What an endpoint may ask of whoever calls it. Accounts says how each is answered.</summary>
internal static class Access
{
    /// <summary>The scheme of pages, by cookie, and that of the API, by a token in a header. They never mix.</summary>
    public const string CookieScheme = "SessionCookie", TokenScheme = "SessionToken";

    /// <summary>The policies of pages: for anybody who is signed in; for owners and administrators.</summary>
    public const string Page = "page", AdminPage = "admin page";

    /// <summary>The policy of the API for owners and administrators. For anybody who is signed in it is the default one.</summary>
    public const string AdminApi = "admin api";

    /// <summary>On a page for anybody: notes who reads it, if signed in.</summary>
    public static async Task ReadCookieAsync(HttpContext context)
    {
        if (context.Features.Get<SignedIn>() is null && await context.AuthenticateAsync(CookieScheme) is { Principal: { } principal })
        {
            context.User = principal;
        }
    }
}
