using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;
using TraceVault.Keys;
using TraceVault.Providers;

namespace TraceVault.Gateway;

/// <summary>The only place that makes the headers of outgoing requests and lets headers of answers back to the client.</summary>
internal static class GatewayHeaders
{
    /// <param name="body">Null when the request has none, or one of length 0.</param>
    public static void WriteRequest(HttpRequest from, RequestContent? body, HttpRequestMessage to, Provider provider, ProviderKey key)
    {
        // .NET keeps some headers with the body. A request without a body that has such headers is sent with a body of length 0.
        to.Content = body
            ?? (from.ContentLength is 0 || HasAnyOfContent(from.Headers) ? new ReadOnlyMemoryContent(default) : (HttpContent?)null);
        foreach (var (name, value) in from.Headers)
        {
            if (provider.PassesOut(name) && !IsNamedBy(from.Headers, name))
            {
                Add(IsOfContent(name) ? to.Content?.Headers : to.Headers, name, value);
            }
        }

        provider.WriteCredential(to.Headers, key);
    }

    /// <summary>Copies no trailers: no provider sends any, and what is not on the list stays behind.</summary>
    public static void WriteResponse(HttpResponseMessage from, Exchange exchange)
    {
        var response = exchange.Context.Response;
        response.StatusCode = (int)from.StatusCode;
        CopyBack(from.Headers.NonValidated, response.Headers, exchange.Provider);
        CopyBack(from.Content.Headers.NonValidated, response.Headers, exchange.Provider);
        if (from.Headers.NonValidated.TryGetValues("Connection", out var hop))
        {
            RemoveNamed(hop, response.Headers);
        }

        response.Headers[GatewayError.RequestIdHeader] = exchange.RequestId;
        if (response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true)
        {
            response.Headers["x-accel-buffering"] = "no";
            exchange.IsStream = true;
        }
    }

    /// <summary>
    /// Removes the headers that <c>Connection</c> names, which concern that hop alone (RFC 9110 §7.6.1), even where other parts of its
    /// value are no names.
    /// </summary>
    private static void RemoveNamed(HeaderStringValues connection, IHeaderDictionary headers)
    {
        foreach (var value in connection)
        {
            foreach (var name in value.Split(',', ';').Select(name => name.Trim(' ', '\t', '"')))
            {
                if (name.Length > 0 && !name.Equals("content-length", StringComparison.OrdinalIgnoreCase))
                {
                    headers.Remove(name);
                }
            }
        }
    }

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

    private static void CopyBack(HttpHeadersNonValidated from, IHeaderDictionary to, Provider provider)
    {
        foreach (var (name, values) in from)
        {
            if (provider.PassesBack(name))
            {
                to[name] = values.Count == 1 ? values.ToString() : values.ToArray();
            }
        }
    }

    /// <summary>Whether the header describes the body: .NET keeps such headers apart from those of the message.</summary>
    private static bool IsOfContent(string name) => name.StartsWith("content-", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether there are headers that describe a body and go to the upstream.</summary>
    private static bool HasAnyOfContent(IHeaderDictionary headers) => headers.ContentType.Count > 0 || headers.ContentEncoding.Count > 0;

    /// <summary>Whether <c>Connection</c> names the header, which then concerns this hop alone (RFC 9110 §7.6.1).</summary>
    private static bool IsNamedBy(IHeaderDictionary headers, string name)
    {
        foreach (var value in headers.Connection)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                if (value.AsSpan()[range].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
