using System.Buffers;
using System.Net.Http.Headers;

namespace TraceVault.Gateway;

/// <summary>Checks the head of an upstream's answer: only a head that everybody reads alike is passed on (RFC 9112 §6.3).</summary>
internal static class AnswerHead
{
    /// <summary>
    /// All control characters but the tab, which may be in a value (RFC 9110 §5.5). The HTTP client has already turned line folds into
    /// spaces.
    /// </summary>
    private static readonly SearchValues<char> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Where(one => one != '\t').Select(one => (char)one), (char)0x7f]);

    /// <exception cref="HttpRequestException">
    /// The status is below 200 (an unasked 101), there are two framings, two lengths, a malformed length or one above 0 for a 204 or 205,
    /// or there are control characters.
    /// </exception>
    public static void RefuseUnsound(HttpResponseMessage answer)
    {
        var status = (int)answer.StatusCode;
        var length = answer.Content.Headers.NonValidated.TryGetValues("Content-Length", out var lengths) ? LengthOf(lengths) : null;
        if (status < 200
            || (lengths.Count > 0 && length is null)
            || (answer.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var codings)
                && (lengths.Count > 0 || !IsChunked(codings)))
            || (status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent && length > 0)
            || HasControls(answer.Headers.NonValidated) || HasControls(answer.Content.Headers.NonValidated))
        {
            throw new HttpRequestException(HttpRequestError.InvalidResponse, "The head of the upstream's answer is not sound.");
        }
    }

    /// <summary>Whether a body may follow the head that is in the response (RFC 9110 §6.4.1).</summary>
    public static bool IsFollowedByBody(HttpContext context) => !HttpMethods.IsHead(context.Request.Method)
        && context.Response.StatusCode is not (
            StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);

    /// <returns>Null unless there is exactly one value, which consists of digits only.</returns>
    private static long? LengthOf(HeaderStringValues values) =>
        values.Count == 1 && values.ToString() is var text && !text.AsSpan().ContainsAnyExceptInRange('0', '9')
            && long.TryParse(text, out var length) ? length : null;

    private static bool IsChunked(HeaderStringValues codings) =>
        codings.Count == 1 && codings.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase);

    private static bool HasControls(HttpHeadersNonValidated headers)
    {
        foreach (var (_, values) in headers)
        {
            foreach (var value in values)
            {
                if (value.AsSpan().ContainsAny(Controls))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
