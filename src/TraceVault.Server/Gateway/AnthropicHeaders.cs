using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;
using TraceVault.Keys;

namespace TraceVault.Gateway;

/// <summary>The only place where headers of an outgoing request are made, and headers of an answer let back.</summary>
internal static class AnthropicHeaders
{
    /// <param name="body">Null when the request has none.</param>
    public static void WriteRequest(HttpRequest from, RequestContent? body, HttpRequestMessage to, ProviderKey key)
    {
        // Of .NET's headers some belong to a body. A request without one that has them anyway goes out with one of length 0.
        to.Content = body ?? (from.ContentLength is 0 || HeaderRules.HasAnyOfContent(from.Headers) ? new ReadOnlyMemoryContent(default) : (HttpContent?)null);
        foreach (var (name, value) in from.Headers)
        {
            if (HeaderRules.PassesOut(name) && !HeaderRules.IsNamedBy(from.Headers, name))
            {
                Add(HeaderRules.IsOfContent(name) ? to.Content?.Headers : to.Headers, name, value);
            }
        }

        to.Headers.TryAddWithoutValidation("x-api-key", key.Reveal());
    }

    /// <summary>No trailers: Anthropic sends none, and what is not on the list stays behind.</summary>
    public static void WriteResponse(HttpResponseMessage from, Exchange exchange)
    {
        var response = exchange.Context.Response;
        response.StatusCode = (int)from.StatusCode;
        CopyBack(from.Headers.NonValidated, response.Headers);
        CopyBack(from.Content.Headers.NonValidated, response.Headers);
        if (from.Headers.NonValidated.TryGetValues("Connection", out var hop))
        {
            RemoveNamed(hop, response.Headers);
        }

        response.Headers[AnthropicError.RequestIdHeader] = exchange.RequestId;
        if (response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true)
        {
            response.Headers["x-accel-buffering"] = "no";
            exchange.IsStream = true;
        }
    }

    /// <summary>What <c>Connection</c> names is the business of that hop alone (RFC 9110 §7.6.1), also where not all that stands in it is a name.</summary>
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
