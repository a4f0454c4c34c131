using System.Collections.Frozen;

namespace TraceVault.Providers.Anthropic;

/// <summary>
/// Says which headers pass. There is an allow-list for each direction, and what it does not name stays behind. But Anthropic asks gateways
/// to let all of its own headers pass, whose names begin with <c>anthropic-</c>.
/// </summary>
internal static class AnthropicHeaders
{
    private const string Prefix = "anthropic-";

    private static readonly FrozenSet<string> Out = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "accept", "user-agent", "content-type", "content-encoding");

    private static readonly FrozenSet<string> Back = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "request-id", "retry-after", "retry-after-ms", "x-should-retry", "cache-control", "content-type", "content-length",
            "content-encoding");

    public static bool PassOut(string name) => Out.Contains(name) || IsAnthropics(name);

    public static bool PassBack(string name) => Back.Contains(name) || IsAnthropics(name);

    private static bool IsAnthropics(string name) => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
}
