namespace TraceVault.Pages;

/// <summary>Pages that say what went wrong and what to do next.</summary>
internal static class Problems
{
    public static ProblemResult Page(HttpContext context, int status, string title, string text) => new(PageContext.WithoutForms(context), status, title, text);

    /// <summary>What programs ask for, whatever they say that they accept.</summary>
    private static readonly string[] ForPrograms = ["/api", "/proxy", "/.well-known", "/healthz", "/readyz", "/metrics"];

    /// <summary>Whether this request came from somebody who reads pages.</summary>
    public static bool WantsPage(HttpRequest request) =>
        !ForPrograms.Any(path => request.Path.StartsWithSegments(path)) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
