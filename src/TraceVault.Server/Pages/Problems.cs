namespace TraceVault.Pages;

/// <summary>Pages that say what went wrong and what to do next.</summary>
internal static class Problems
{
    public static ProblemResult Page(HttpContext context, int status, string title, string text) =>
        new(PageContext.WithoutForms(context), status, title, text);

    /// <summary>Paths for programs, whatever their <c>Accept</c> header says.</summary>
    private static readonly string[] ForPrograms = ["/api", "/proxy", "/.well-known", "/healthz", "/readyz", "/metrics"];

    /// <summary>Whether this request came from a person in a browser.</summary>
    public static bool WantsPage(HttpRequest request) =>
        !ForPrograms.Any(path => request.Path.StartsWithSegments(path))
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
