namespace TraceVault.Pages;

/// <summary>Redirects to another page after a form was carried out, so that a reload does not send the form again.</summary>
internal static class Redirects
{
    /// <param name="path">A path on this server.</param>
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
