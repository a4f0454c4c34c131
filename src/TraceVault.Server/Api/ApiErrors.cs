using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Pages;
using TraceVault.Storage;

namespace TraceVault.Api;

/// <summary>
/// Turns what the management API did not expect into RFC 9457 answers without internals, or into a page for people in a browser.
/// </summary>
internal sealed class ApiErrors(Outage outage, ILogger<ApiErrors> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is ConnectionResetException
            || (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested))
        {
            httpContext.Abort(); // nobody reads the answer, and the rest of the body is still unread
            return true;
        }

        var (status, detail) = exception switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (413, "The request body is too large."),
            BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } =>
                (415, "Send JSON with content-type: application/json."),
            BadHttpRequestException => (400, "The request body is not the JSON object that this endpoint takes."),
            SessionOverException => (401, "Your session ended in the meantime. Nothing was changed. Sign in again."),
            TooManyChangesException =>
                (429, "There were too many changes of this kind within an hour. Nothing was changed. Try again later."),
            _ when outage.Caused(exception) => (503, "The database is unavailable. Try again in a few seconds."),
            _ => (500, "The server made a mistake. Try again; if it happens again, tell the server's administrator: its log says more."),
        };
        if (status == 503)
        {
            httpContext.Response.Headers.RetryAfter = "2";
        }
        else if (status == 429)
        {
            httpContext.Response.Headers.RetryAfter = "600"; // seconds; the limit counts the last hour
        }
        else if (status == 500)
        {
            log.LogError(exception, "An endpoint failed.");
        }

        var answer = Problems.WantsPage(httpContext.Request)
            ? Problems.Page(httpContext, status, Title(status), detail)
            : Answer(status, detail, exception);
        await answer.ExecuteAsync(httpContext);
        return true;
    }

    /// <summary>Adds a text to an answer that is only a status code.</summary>
    public static Task WriteStatusAsync(StatusCodeContext answer)
    {
        var context = answer.HttpContext;
        var status = context.Response.StatusCode;
        return (Problems.WantsPage(context.Request)
            ? Problems.Page(context, status, Title(status), status switch
            {
                StatusCodes.Status403Forbidden => "It is for the owners and administrators of this server. Ask one of them.",
                StatusCodes.Status404NotFound => "The address may be mistyped, or what was here is gone.",
                StatusCodes.Status405MethodNotAllowed => "Forms are sent from their own page: go there and try again.",
                _ => "Go back, reload the page and try again.",
            })
            : (IResult)TypedResults.Problem(statusCode: status)).ExecuteAsync(context);
    }

    private static string Title(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "You are signed out",
        StatusCodes.Status403Forbidden => "You do not have access to this page",
        StatusCodes.Status404NotFound => "There is no such page",
        StatusCodes.Status413PayloadTooLarge => "That is too long",
        StatusCodes.Status429TooManyRequests => "Too many requests",
        StatusCodes.Status503ServiceUnavailable => "The server cannot reach its database",
        >= 500 => "The server made a mistake",
        _ => "The server could not read that",
    };

    /// <summary>Names the field of the body that could not be read, if it was a field.</summary>
    private static IResult Answer(int status, string detail, Exception exception) =>
        exception is BadHttpRequestException { InnerException: JsonException { Path: ['$', '.', .. var field] } }
        && status == 400
        && field.All(c => char.IsAsciiLetterLower(c) || c == '_')
            ? TypedResults.ValidationProblem(
                new Dictionary<string, string[]> { [field] = ["The value has the wrong type for this field."] },
                detail: $"The field {field} has a value of the wrong type.")
            : TypedResults.Problem(detail, statusCode: status);
}
