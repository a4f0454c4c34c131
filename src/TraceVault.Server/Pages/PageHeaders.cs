using TraceVault.Hosting;

namespace TraceVault.Pages;

/// <summary>What a browser may do with our answers.</summary>
internal sealed class PageHeaders(PublicUrl publicUrl)
{
    /// <summary>Allows nothing from elsewhere, no inline script or style, and no frames around or inside a page.</summary>
    private const string Policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'";

    /// <summary>Two years, as https://hstspreload.org asks for.</summary>
    private const string Transport = "max-age=63072000";

    /// <summary>Adds them at the last moment, because the error handler clears what was set before.</summary>
    public void Add(HttpContext context) => context.Response.OnStarting(() =>
    {
        var headers = context.Response.Headers;
        headers.Remove("blazor-enhanced-nav");
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY"; // for browsers that do not know frame-ancestors
        headers["Referrer-Policy"] = "same-origin"; // with no-referrer, browsers would send forms with a null origin
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
