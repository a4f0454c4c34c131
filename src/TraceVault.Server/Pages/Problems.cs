using Microsoft.AspNetCore.Http.HttpResults;

namespace TraceVault.Pages;

/// <summary>Pages that say what went wrong and what to do next.</summary>
internal static class Problems
{
    public static RazorComponentResult<ProblemPage> Page(HttpContext context, int status, string title, string text) =>
        new(new { Context = PageContext.WithoutForms(context), Title = title, Text = text }) { StatusCode = status };

    /// <summary>Whether this request came from somebody who reads pages.</summary>
    public static bool WantsPage(HttpRequest request) =>
        !request.Path.StartsWithSegments("/api") && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
