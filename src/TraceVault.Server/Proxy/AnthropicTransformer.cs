using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;
using TraceVault.Vault;
using Yarp.ReverseProxy.Forwarder;

namespace TraceVault.Proxy;

/// <summary>The only place where headers and address of an outgoing request are made, and headers of an answer let back.</summary>
internal sealed class AnthropicTransformer(Exchange exchange, Uri address, ProviderKey key, ProxyMetrics metrics) : HttpTransformer
{
    public override ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        proxyRequest.RequestUri = address;
        var headers = httpContext.Request.Headers;
        foreach (var (name, value) in headers)
        {
            if (HeaderRules.PassesOut(name) && !HeaderRules.IsNamedBy(headers, name))
            {
                Add(HeaderRules.IsOfContent(name) ? proxyRequest.Content?.Headers : proxyRequest.Headers, name, value);
            }
        }

        if (proxyRequest.Content is { } content)
        {
            content.Headers.ContentLength = httpContext.Request.ContentLength;
        }

        proxyRequest.Headers.TryAddWithoutValidation("x-api-key", key.Reveal());
        return ValueTask.CompletedTask;
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
        {
            return false;
        }

        var headers = httpContext.Response.Headers;
        CopyBack(proxyResponse.Headers.NonValidated, headers);
        CopyBack(proxyResponse.Content.Headers.NonValidated, headers);
        headers[AnthropicError.RequestIdHeader] = exchange.RequestId;
        exchange.UpstreamStatus = (int)proxyResponse.StatusCode;
        exchange.UpstreamRequestId = headers["request-id"];
        exchange.MarkFirstByte();
        if (httpContext.Response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true)
        {
            headers["x-accel-buffering"] = "no";
            metrics.StreamBegins(exchange);
            return await TryStartBeforeFirstEventAsync(proxyResponse.Content, cancellationToken);
        }

        return true;
    }

    /// <summary>The client learns at once that it is being answered; when the first event is there already, head and event share a packet.</summary>
    /// <returns>False when it ended before its first event: then there is nothing to copy, and the client's connection is broken.</returns>
    private async ValueTask<bool> TryStartBeforeFirstEventAsync(HttpContent events, CancellationToken cancel)
    {
        try
        {
            var stream = await events.ReadAsStreamAsync(cancel);
            var firstEvent = stream.ReadAsync(Memory<byte>.Empty, cancel); // completes when there is something to read
            if (!firstEvent.IsCompleted)
            {
                await exchange.Context.Response.StartAsync(cancel);
            }

            await firstEvent;
            return true;
        }
        catch (Exception problem) when (problem is IOException or HttpRequestException or OperationCanceledException)
        {
            ForwardResult.BreakOff(exchange, exchange.Context.RequestAborted.IsCancellationRequested ? ForwardResult.ClientLeft : ForwardResult.UpstreamDied);
            return false;
        }
    }

    /// <summary>No trailers: Anthropic sends none, and what is not on the list stays behind.</summary>
    public override ValueTask TransformResponseTrailersAsync(HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;

    private static void Add(HttpHeaders? headers, string name, StringValues values)
    {
        if (values.Count == 1)
        {
            headers?.TryAddWithoutValidation(name, values.ToString());
        }
        else
        {
            headers?.TryAddWithoutValidation(name, values.AsEnumerable());
        }
    }

    private static void CopyBack(HttpHeadersNonValidated from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from)
        {
            if (HeaderRules.PassesBack(name))
            {
                to[name] = values.Count == 1 ? values.ToString() : values.ToArray();
            }
        }
    }
}
