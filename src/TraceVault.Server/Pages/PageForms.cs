using Microsoft.Net.Http.Headers;
using TraceVault.Hosting;

namespace TraceVault.Pages;

/// <summary>
/// Reads the form of a page before the page's handler asks for its fields: anything but a form is refused here, in one place and without an
/// exception.
/// </summary>
internal sealed class PageForms(RefusedRequests refused)
{
    /// <summary>Marks the endpoints that are pages.</summary>
    public sealed class Marker;

    private static readonly MediaTypeHeaderValue Form = new("application/x-www-form-urlencoded");

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (context.GetEndpoint()?.Metadata.GetMetadata<Marker>() is null
            || HttpMethods.IsGet(request.Method)
            || HttpMethods.IsHead(request.Method))
        {
            await next(context);
        }
        else if (await IsFormAsync(request))
        {
            await Task.Yield(); // leaves the thread that serves the socket: what follows may be slow
            await next(context);
        }
        else
        {
            refused.Count("A form was refused: it is not one that a page sends.");
            await Problems.Page(
                context,
                StatusCodes.Status400BadRequest,
                "This form arrived incomplete",
                "Nothing was changed. Go back, reload the page and try again.").ExecuteAsync(context);
        }
    }

    /// <exception cref="BadHttpRequestException">The body is too large, or ends early.</exception>
    private static async Task<bool> IsFormAsync(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.IsSubsetOf(Form))
        {
            return false;
        }

        try
        {
            var form = await request.ReadFormAsync();
            // PostgreSQL accepts a zero character in no text.
            return !form.Any(field => field.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) is true));
        }
        catch (InvalidDataException)
        {
            return false; // too many or too long fields
        }
    }
}
