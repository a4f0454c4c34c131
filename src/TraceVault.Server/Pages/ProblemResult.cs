using Microsoft.AspNetCore.Http.HttpResults;

namespace TraceVault.Pages;

/// <summary>A page that says what went wrong, with the navigation of the user who is signed in, if that can be found out.</summary>
/// <param name="page">A context without forms, for when it cannot.</param>
internal sealed class ProblemResult(PageContext page, int status, string title, string text) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var context = status < StatusCodes.Status500InternalServerError ? await PageContext.OfVisitorAsync(httpContext) ?? page : page;
        var result = new RazorComponentResult<ProblemPage>(new { Context = context, Title = title, Text = text }) { StatusCode = status };
        await result.ExecuteAsync(httpContext);
    }
}
