namespace TraceVault.Gateway;

/// <summary>
/// Answers a client that asks whether anybody is here, without a credential: for Anthropic at the base and <c>/api/hello</c>.
/// </summary>
internal static class ProbeAnswer
{
    private static readonly byte[] Body = """{"message":"hello"}"""u8.ToArray();

    public static async ValueTask<Ending> WriteAsync(Exchange exchange)
    {
        var response = exchange.Context.Response;
        response.ContentType = "application/json";
        response.ContentLength = Body.Length;
        response.Headers[GatewayError.RequestIdHeader] = exchange.RequestId;
        exchange.MarkFirstByte();
        if (HttpMethods.IsGet(exchange.Context.Request.Method))
        {
            await response.Body.WriteAsync(Body, exchange.Context.RequestAborted);
        }

        return Ending.Answered;
    }
}
