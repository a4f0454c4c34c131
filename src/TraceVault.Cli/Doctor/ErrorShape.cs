namespace TraceVault.Cli.Doctor;

/// <summary>
/// An error as clients understand it: Anthropic's envelope (https://docs.anthropic.com/en/api/errors), and a header that says whether to
/// retry.
/// </summary>
internal static class ErrorShape
{
    /// <summary>What is wrong with an answer to a request whose credential is no good.</summary>
    /// <param name="code">The value of <c>x-tracevault-error</c>; null for another gateway.</param>
    public static IEnumerable<string> Deviations(Reply reply, string? code)
    {
        if (reply.Status != 401)
        {
            yield return $"HTTP {reply.Status} instead of 401";
        }

        if (reply.Error is not { Type: "error" } envelope)
        {
            yield return $"no error in Anthropic's form ({reply.MediaType})";
        }
        else if (envelope.Error.Type != "authentication_error")
        {
            yield return $"error.type {envelope.Error.Type} instead of authentication_error";
        }
        else if (code is not null && (envelope.RequestId is null || envelope.RequestId != reply.Header("x-tracevault-request-id")))
        {
            yield return "request_id is not that of x-tracevault-request-id";
        }

        if (reply.Header("x-should-retry") != "false")
        {
            yield return "no x-should-retry: false";
        }

        if (code is not null && reply.OwnError != code)
        {
            yield return $"x-tracevault-error is {reply.OwnError ?? "missing"} instead of {code}";
        }
    }
}
