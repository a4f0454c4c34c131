using Yarp.ReverseProxy.Forwarder;

namespace TraceVault.Proxy;

/// <summary>Reads what went wrong while forwarding.</summary>
internal static class ForwardResult
{
    public const string ClientLeft = "client_left", UpstreamDied = "upstream_died";

    /// <returns>The error to answer with; null when nobody is there to be answered, or half an answer is out and the connection was broken.</returns>
    public static AnthropicError? Read(ForwarderError result, Exchange exchange, ProxyOptions options, ProxyMetrics metrics)
    {
        var context = exchange.Context;
        var problem = context.GetForwarderErrorFeature()?.Exception;
        if (exchange.IsTooLarge)
        {
            return AnthropicError.TooLarge(options.MaxBodyBytes);
        }

        switch (result)
        {
            // Before asking whether the client is still there: the forwarder has broken its connection by now.
            case ForwarderError.ResponseBodyDestination or ForwarderError.ResponseHeaders:
                return BreakOff(exchange, UpstreamDied);

            // The upstream answered in full and then read no further; a failure of the answer as well would be an aggregate of both.
            case ForwarderError.RequestBodyClient or ForwarderError.RequestBodyDestination or ForwarderError.RequestBodyCanceled
                when exchange.UpstreamStatus is not null && problem is not AggregateException && !context.RequestAborted.IsCancellationRequested:
                return null;

            case var _ when context.RequestAborted.IsCancellationRequested:
                exchange.Outcome = ClientLeft;
                return null;

            case ForwarderError.Request or ForwarderError.RequestBodyDestination or ForwarderError.RequestCreation:
                metrics.UpstreamFailed(problem);
                return AnthropicError.UpstreamUnreachable;

            case ForwarderError.RequestTimedOut when IsConnectTimeout(problem):
                metrics.UpstreamFailed(problem);
                return AnthropicError.UpstreamUnreachable;

            case ForwarderError.RequestTimedOut:
                return AnthropicError.UpstreamTimeout;

            default:
                return BreakOff(exchange, ClientLeft);
        }
    }

    /// <summary>Breaks the client's connection: half an answer never ends cleanly.</summary>
    public static AnthropicError? BreakOff(Exchange exchange, string outcome)
    {
        exchange.Outcome = outcome;
        exchange.Context.Abort();
        return null;
    }

    /// <summary>The handler's own limit on connecting shows as a time-out within the cancellation.</summary>
    private static bool IsConnectTimeout(Exception? problem) => problem is OperationCanceledException { InnerException: TimeoutException };
}
