using Microsoft.AspNetCore.Antiforgery;
using TraceVault.Accounts;

namespace TraceVault.Pages;

/// <summary>Refuses a change that does not come from a form of ours, whether its handler reads the form or not.</summary>
internal sealed partial class ForgedForms(IAntiforgery antiforgery, ILogger<ForgedForms> log) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        await SessionCookieHandler.ReadAsync(context.HttpContext); // a form belongs to who it was given to
        var method = context.HttpContext.Request.Method;
        await ReadAsync(context.HttpContext.Request);
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || await antiforgery.IsRequestValidAsync(context.HttpContext))
        {
            return await next(context);
        }

        // Not the path, which may hold the token of a link.
        LogRefused((context.HttpContext.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText);
        return Problems.Page(context.HttpContext, StatusCodes.Status400BadRequest, "This form is out of date",
                "The page was open for too long, or you signed in or out meanwhile. Nothing was changed. Go back, reload the page and try again.");
    }

    [LoggerMessage(LogLevel.Information, "A form for {Route} was refused: it is out of date, or not one of ours.")]
    private partial void LogRefused(string? route);

    /// <summary>Reads the form and leaves the thread that serves its socket: what follows may take its time.</summary>
    private static async Task ReadAsync(HttpRequest request)
    {
        try
        {
            if (request.HasFormContentType)
            {
                await request.ReadFormAsync();
            }
        }
        catch (Exception problem) when (problem is IOException or InvalidDataException)
        {
            // Who asks for the form is told so.
        }

        await Task.Yield();
    }
}
