namespace TraceVault.Gateway;

/// <summary>Answers a client that asks whether anybody is here, without a credential.</summary>
internal static class ProbeAnswer
{
    public static async ValueTask<Ending> WriteAsync(Exchange exchange)
    {
        var (response, body) = (exchange.Context.Response, exchange.Provider.ProbeAnswer);
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers[GatewayError.RequestIdHeader] = exchange.RequestId;
        exchange.MarkFirstByte();
        if (HttpMethods.IsGet(exchange.Context.Request.Method))
        {
            await response.Body.WriteAsync(body, exchange.Context.RequestAborted);
        }

        return Ending.Answered;
    }
}
