using TraceVault.Hosting;

namespace TraceVault.Pages;

/// <summary>What a browser may do with our answers.</summary>
internal sealed class PageHeaders(PublicUrl publicUrl)
{
    /// <summary>Nothing from elsewhere, no inline script or style, no frames around or inside.</summary>
    private const string Policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Two years, as https://hstspreload.org asks for.</summary>
    private const string Transport = "max-age=63072000";

    /// <summary>At the last moment: the error handler clears what was set before.</summary>
    public void Add(HttpContext context) => context.Response.OnStarting(() =>
    {
        var headers = context.Response.Headers;
        headers.Remove("blazor-enhanced-nav");
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY"; // for what is older than frame-ancestors
        headers["Referrer-Policy"] = "same-origin"; // not no-referrer, under which browsers send forms with a null origin
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        if (headers.CacheControl.Count == 0)
        {
            headers.CacheControl = "no-store";
        }

        if (context.Request.IsHttps && publicUrl.IsHttps)
        {
            headers.StrictTransportSecurity = Transport;
        }

        return Task.CompletedTask;
    });
}
