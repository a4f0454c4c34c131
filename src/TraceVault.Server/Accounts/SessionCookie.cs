using TraceVault.Hosting;

namespace TraceVault.Accounts;

/// <summary>The cookie that holds a browser's session token.</summary>
internal static class SessionCookie
{
    public const string Name = "tv_session";

    public static string? Read(HttpRequest request) => request.Cookies[Name];

    public static void Write(HttpContext context, string token, DateTimeOffset expiresAt)
    {
        var options = Options(context);
        options.Expires = expiresAt;
        context.Response.Cookies.Append(Name, token, options);
    }

    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context));

    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        IsEssential = true,
        Path = "/",
        SameSite = SameSiteMode.Lax, // a link from a chat to a page of ours finds its reader signed in
        Secure = context.Request.IsHttps || context.RequestServices.GetRequiredService<PublicUrl>().IsHttps, // the proxy in front may not be a trusted one
    };
}
