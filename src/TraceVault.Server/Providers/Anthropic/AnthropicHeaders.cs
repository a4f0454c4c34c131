namespace TraceVault.Providers.Anthropic;

/// <summary>Which headers pass. Both ways an allow-list: what is not named stays behind.</summary>
/// <remarks>By length first, because each header of each request is asked for.</remarks>
internal static class AnthropicHeaders
{
    /// <summary>Anthropic asks gateways to treat its own headers as an open list.</summary>
    private const string Prefix = "anthropic-";

    public static bool PassOut(string name) => name.Length switch
    {
        6 => Is(name, "accept"),
        10 => Is(name, "user-agent"),
        12 => Is(name, "content-type") || IsAnthropics(name),
        16 => Is(name, "content-encoding") || IsAnthropics(name),
        _ => IsAnthropics(name),
    };

    public static bool PassBack(string name) => name.Length switch
    {
        10 => Is(name, "request-id"),
        11 => Is(name, "retry-after") || IsAnthropics(name),
        12 => Is(name, "content-type") || IsAnthropics(name),
        13 => Is(name, "cache-control") || IsAnthropics(name),
        14 => Is(name, "content-length") || Is(name, "retry-after-ms") || Is(name, "x-should-retry") || IsAnthropics(name),
        16 => Is(name, "content-encoding") || IsAnthropics(name),
        _ => IsAnthropics(name),
    };

    private static bool IsAnthropics(string name) => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
