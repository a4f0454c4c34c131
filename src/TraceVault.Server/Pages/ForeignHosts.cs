using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Hosting;

namespace TraceVault.Pages;

/// <summary>
/// Refuses to show pages under a name other than the public one: a foreign name that points here (DNS rebinding) gets no page of ours.
/// </summary>
/// <remarks>
/// Names of this machine are different, because no foreign site can have one: they redirect to the same page under the public name.
/// </remarks>
internal sealed class ForeignHosts(PublicUrl publicUrl) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = context.HttpContext.Request;
        return string.Equals(request.Host.Value, new Uri(publicUrl.Origin).Authority, StringComparison.OrdinalIgnoreCase)
                ? await next(context)
            : IsSameMachine(request)
                ? TypedResults.Redirect(publicUrl.Origin + request.GetEncodedPathAndQuery(), permanent: false, preserveMethod: true)
            : Refuse(context.HttpContext);
    }

    /// <summary>
    /// Whether somebody asks for a page of this machine under another of its names. The port has to be the same: on another one something
    /// else may listen, or a tunnel may end.
    /// </summary>
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
        Text = $"Open it at {publicUrl.Origin}. If that address is wrong, the administrator has to set TRACEVAULT_PUBLIC_URL to "
            + "the one that people use; a proxy in front of the server must pass the Host header on.",
        Link = publicUrl.Origin + "/",
        LinkText = "Go to that address",
    })
    { StatusCode = StatusCodes.Status421MisdirectedRequest };
}
