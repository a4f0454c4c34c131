using TraceVault.Hosting;

namespace TraceVault.Pages;

/// <summary>Refuses pages under another name than the public one: a foreign name that points here (DNS rebinding) gets no page of ours.</summary>
internal sealed class ForeignHosts(PublicUrl publicUrl) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var host = context.HttpContext.Request.Host.Value;
        return string.Equals(host, new Uri(publicUrl.Origin).Authority, StringComparison.OrdinalIgnoreCase)
            ? await next(context)
            : Problems.Page(context.HttpContext, StatusCodes.Status421MisdirectedRequest, "This server has another address",
                $"Open it at {publicUrl.Origin}. If that is not right, its administrator sets TRACEVAULT_PUBLIC_URL to the address that people use; a proxy in front of it must pass the Host header on.");
    }
}
