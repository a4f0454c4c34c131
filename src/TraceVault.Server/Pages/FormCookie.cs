namespace TraceVault.Pages;

/// <summary>
/// The cookie that belongs to the token of a form. For people who use https only this host can set and read it, like the session's cookie,
/// even if a proxy in front speaks http to the server.
/// </summary>
internal sealed class FormCookie : CookieBuilder
{
    private readonly bool _isHttps;

    public FormCookie(bool isHttps)
    {
        _isHttps = isHttps;
        Name = isHttps ? "__Host-tv_form" : "tv_form";
        SecurePolicy = CookieSecurePolicy.SameAsRequest; // with Always the framework would refuse what such a proxy sends
    }

    public override CookieOptions Build(HttpContext context, DateTimeOffset expiresFrom)
    {
        var options = base.Build(context, expiresFrom);
        options.Path = "/";
        options.Secure |= _isHttps;
        return options;
    }
}
