using Microsoft.AspNetCore.Http.HttpResults;

namespace TraceVault.Pages;

/// <summary>A page that says what went wrong, in the frame of whoever is signed in, as far as that can be found out.</summary>
/// <param name="page">Without forms, for when it can not.</param>
internal sealed class ProblemResult(PageContext page, int status, string title, string text) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var context = status < StatusCodes.Status500InternalServerError ? await PageContext.OfVisitorAsync(httpContext) ?? page : page;
        await new RazorComponentResult<ProblemPage>(new { Context = context, Title = title, Text = text }) { StatusCode = status }.ExecuteAsync(httpContext);
    }
}
