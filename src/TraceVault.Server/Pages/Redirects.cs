namespace TraceVault.Pages;

/// <summary>Where a form leads to after it was carried out, so that a reload does not send it again.</summary>
internal static class Redirects
{
    /// <param name="path">A path of ours.</param>
    public static IResult See(string path) => new SeeOther(path);

    private sealed class SeeOther(string path) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = path;
            return Task.CompletedTask;
        }
    }
}
