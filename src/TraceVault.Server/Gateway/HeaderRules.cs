namespace TraceVault.Gateway;

/// <summary>Which headers pass. Both ways an allow-list: what is not named stays behind.</summary>
internal static class HeaderRules
{
    /// <summary>Anthropic asks gateways to treat its own headers as an open list.</summary>
    private const string AnthropicPrefix = "anthropic-";

    /// <summary>Whether a request header goes to the upstream.</summary>
    public static bool PassesOut(string name) => name.Length switch
    {
        6 => Is(name, "accept"),
        10 => Is(name, "user-agent"),
        12 => Is(name, "content-type") || IsAnthropics(name),
        16 => Is(name, "content-encoding") || IsAnthropics(name),
        _ => IsAnthropics(name),
    };

    /// <summary>Whether a response header comes back to the client.</summary>
    public static bool PassesBack(string name) => name.Length switch
    {
        10 => Is(name, "request-id"),
        11 => Is(name, "retry-after") || IsAnthropics(name),
        12 => Is(name, "content-type") || IsAnthropics(name),
        13 => Is(name, "cache-control") || IsAnthropics(name),
        14 => Is(name, "content-length") || Is(name, "retry-after-ms") || Is(name, "x-should-retry") || IsAnthropics(name),
        16 => Is(name, "content-encoding") || IsAnthropics(name),
        _ => IsAnthropics(name),
    };

    /// <summary>Whether the header describes the body, which .NET keeps apart from the message's.</summary>
    public static bool IsOfContent(string name) => name.StartsWith("content-", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether there are headers that describe a body and go to the upstream.</summary>
    public static bool HasAnyOfContent(IHeaderDictionary headers) => headers.ContentType.Count > 0 || headers.ContentEncoding.Count > 0;

    /// <summary>Whether <c>Connection</c> names the header, which makes it the business of this hop alone (RFC 9110 §7.6.1).</summary>
    public static bool IsNamedBy(IHeaderDictionary headers, string name)
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

    private static bool IsAnthropics(string name) => name.StartsWith(AnthropicPrefix, StringComparison.OrdinalIgnoreCase);

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
