using System.Text.Json.Nodes;

namespace TraceVault.FakeAnthropic;

/// <summary>The error envelope: https://docs.anthropic.com/en/api/errors.</summary>
internal static class ApiError
{
    /// <param name="exchange">The request to answer.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="message">Null takes the usual one for the status.</param>
    /// <param name="retryAfter">In seconds; null leaves the header to the status.</param>
    /// <param name="curable">False tells the client not to retry, whatever the status says.</param>
    public static Task WriteAsync(Exchange exchange, int status, string? message = null, int? retryAfter = null, bool curable = true)
    {
        var (type, usual) = Describe(status);
        exchange.SetRateLimits(exhausted: status == 429);
        exchange.Response.StatusCode = status;
        exchange.Response.Headers["x-should-retry"] = curable && status is 408 or 409 or 429 or >= 500 ? "true" : "false";
        if ((retryAfter ?? (status == 429 ? 1 : null)) is { } seconds)
        {
            exchange.Response.Headers.RetryAfter = $"{seconds}";
        }

        return ReplyWriter.WriteJsonAsync(exchange, new JsonObject
        {
            ["type"] = "error",
            ["error"] = new JsonObject { ["type"] = type, ["message"] = message ?? usual },
            ["request_id"] = exchange.RequestId,
        });
    }

    private static (string Type, string Message) Describe(int status) => status switch
    {
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low to access the Anthropic API."),
        403 => ("permission_error", "Your API key does not have permission to use the specified resource."),
        404 => ("not_found_error", "Not Found"),
        413 => ("request_too_large", "Request exceeds the maximum size"),
        429 => ("rate_limit_error", "This request would exceed your organization's rate limit. Please try again later."),
        504 => ("timeout_error", "Request timed out"),
        529 => ("overloaded_error", "Overloaded"),
        >= 500 => ("api_error", "Internal server error"),
        _ => ("invalid_request_error", "Invalid request"),
    };
}
