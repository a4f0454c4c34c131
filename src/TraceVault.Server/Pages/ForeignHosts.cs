using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Hosting;

namespace TraceVault.Pages;

/// <summary>Refuses pages under another name than the public one: a foreign name that points here (DNS rebinding) gets no page of ours.</summary>
/// <remarks>No foreign site can have a name of this machine: under another one of those a page leads on to the same page under the public name.</remarks>
internal sealed class ForeignHosts(PublicUrl publicUrl) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = context.HttpContext.Request;
        return string.Equals(request.Host.Value, new Uri(publicUrl.Origin).Authority, StringComparison.OrdinalIgnoreCase) ? await next(context)
            : IsSameMachine(request) ? TypedResults.Redirect(publicUrl.Origin + request.GetEncodedPathAndQuery(), permanent: false, preserveMethod: true)
            : Refuse(context.HttpContext);
    }

    /// <summary>Whether somebody looks at a page of this machine under another of its names. On another port something else may listen, or a tunnel end.</summary>
    private bool IsSameMachine(HttpRequest request)
    {
        var (ours, asked) = (new Uri(publicUrl.Origin), request.Host);
        return (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            && ours.IsLoopback && PublicUrl.IsLoopback(asked.Host) && ours.Port == (asked.Port ?? (request.IsHttps ? 443 : 80));
    }

    private RazorComponentResult<ProblemPage> Refuse(HttpContext context) => new(new
    {
        Context = PageContext.WithoutForms(context),
        Title = "This server has another address",
        Text = $"Open it at {publicUrl.Origin}. If that is not right, its administrator sets TRACEVAULT_PUBLIC_URL to the address that people use; a proxy in front of it must pass the Host header on.",
        Link = publicUrl.Origin + "/",
        LinkText = "Go to that address",
    })
    { StatusCode = StatusCodes.Status421MisdirectedRequest };
}
