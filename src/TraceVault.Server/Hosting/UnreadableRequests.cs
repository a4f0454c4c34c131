using Microsoft.Net.Http.Headers;

namespace TraceVault.Hosting;

/// <summary>
/// Refuses requests that no endpoint could read and that would make the framework log a stack trace: a host that no address can have, a
/// character set that nobody uses, and a zero character in the query, which PostgreSQL accepts in no text.
/// </summary>
internal sealed class UnreadableRequests(RefusedRequests refused)
{
    private static readonly string[] CharacterSets = ["utf-8", "us-ascii"];

    public Task InvokeAsync(HttpContext context, RequestDelegate next) => Problem(context.Request) is var (status, problem)
        ? RefuseAsync(context, status, problem)
        : next(context);

    private static (int Status, string Text)? Problem(HttpRequest request) =>
        !IsAddress(request) ? (StatusCodes.Status400BadRequest, "A request was refused: its Host header names no host.")
        : request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) is true
            ? (StatusCodes.Status400BadRequest, "A request was refused: its query holds a zero character.")
        : !IsReadable(request.ContentType)
            ? (StatusCodes.Status415UnsupportedMediaType, "A request was refused: its content-type names a character set other than UTF-8.")
        : null;

    /// <summary>Pages need their own address, so it has to be valid.</summary>
    private static bool IsAddress(HttpRequest request)
    {
        try
        {
            return request.Host.HasValue
                && Uri.TryCreate($"{request.Scheme}://{request.Host.ToUriComponent()}/", UriKind.Absolute, out _);
        }
        catch (ArgumentException)
        {
            return false; // "xn--" without anything after it that can be decoded
        }
    }

    private static bool IsReadable(string? contentType) =>
        contentType?.Contains("charset", StringComparison.OrdinalIgnoreCase) is not true
        || !MediaTypeHeaderValue.TryParse(contentType, out var type)
        || !type.Charset.HasValue
        || CharacterSets.Contains(HeaderUtilities.RemoveQuotes(type.Charset).ToString(), StringComparer.OrdinalIgnoreCase);

    private Task RefuseAsync(HttpContext context, int status, string problem)
    {
        refused.Count(problem);
        return TypedResults.Problem(problem, statusCode: status).ExecuteAsync(context);
    }
}
