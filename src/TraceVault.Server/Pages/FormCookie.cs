namespace TraceVault.Pages;

/// <summary>The cookie beside the token of a form. For people who use https it is of this host alone, as the session's is, also where a proxy in front speaks http to the server.</summary>
internal sealed class FormCookie : CookieBuilder
{
    private readonly bool _isHttps;

    public FormCookie(bool isHttps)
    {
        _isHttps = isHttps;
        Name = isHttps ? "__Host-tv_form" : "tv_form";
        SecurePolicy = CookieSecurePolicy.SameAsRequest; // "always" would make the framework refuse what such a proxy sends
    }

    public override CookieOptions Build(HttpContext context, DateTimeOffset expiresFrom)
    {
        var options = base.Build(context, expiresFrom);
        options.Path = "/";
        options.Secure |= _isHttps;
        return options;
    }
}
