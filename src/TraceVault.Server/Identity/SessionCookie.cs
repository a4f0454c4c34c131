using TraceVault.Hosting;

namespace TraceVault.Identity;

/// <summary>The cookie that holds a browser's session token.</summary>
/// <remarks>
/// On https its name starts with <c>__Host-</c>: a browser then accepts it only from this host and over https, so that neither another
/// machine of the domain nor somebody on a network without TLS can replace it with a session of their own. A cookie with the plain name is
/// ignored there.
/// </remarks>
internal static class SessionCookie
{
    public const string Name = "tv_session", SecureName = "__Host-" + Name;

    public static string? Read(HttpRequest request) => request.Cookies[NameFor(request.HttpContext)];

    public static void Write(HttpContext context, string token, DateTimeOffset expiresAt)
    {
        var options = Options(context);
        options.Expires = expiresAt;
        context.Response.Cookies.Append(NameFor(context), token, options);
    }

    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(NameFor(context), Options(context));

    private static string NameFor(HttpContext context) => IsSecure(context) ? SecureName : Name;

    /// <summary>Whether the browser uses https. The public URL counts too, because the proxy in front may not be trusted.</summary>
    private static bool IsSecure(HttpContext context) =>
        context.Request.IsHttps || context.RequestServices.GetRequiredService<PublicUrl>().IsHttps;

    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        IsEssential = true,
        Path = "/",
        SameSite = SameSiteMode.Lax, // so that whoever follows a link from a chat to one of our pages is signed in there
        Secure = IsSecure(context),
    };
}
