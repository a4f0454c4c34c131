using Microsoft.AspNetCore.Antiforgery;
using TraceVault.Hosting;
using TraceVault.Identity;

namespace TraceVault.Pages;

/// <summary>Refuses a change that does not come from a form of ours, whether its handler reads the form or not.</summary>
internal sealed class ForgedForms(IAntiforgery antiforgery, RefusedRequests refused) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        await Access.ReadCookieAsync(context.HttpContext); // a form belongs to the user it was made for
        var method = context.HttpContext.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || await antiforgery.IsRequestValidAsync(context.HttpContext))
        {
            return await next(context);
        }

        // The route, not the path, which may hold the token of a link.
        var route = (context.HttpContext.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        refused.Count($"A form for {route} was refused: it is out of date, or not one of ours.");
        return Problems.Page(
            context.HttpContext,
            StatusCodes.Status400BadRequest,
            "This form is out of date",
            "The page was open for too long, or you have signed in or out since. Nothing was changed. "
            + "Go back, reload the page and try again.");
    }
}
