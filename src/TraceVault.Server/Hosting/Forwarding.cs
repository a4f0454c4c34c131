using System.Net;

namespace TraceVault.Hosting;

/// <summary>What shows that a request came through a reverse proxy.</summary>
internal static class Forwarding
{
    /// <summary>Headers that reverse proxies add. A proxy on the client's side adds <c>Via</c> too.</summary>
    private static readonly string[] Headers = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded"];

    private static readonly string[] Others = ["Via", "X-Original-For", "X-Original-Proto"];

    public static bool NamesClient(HttpRequest request) => Headers.Any(request.Headers.ContainsKey);

    /// <summary>Counts weaker signs too, such as HTTP/1.0: nginx speaks it by default, clients no longer do.</summary>
    public static bool IsLikely(HttpRequest request) =>
        NamesClient(request) || Others.Any(request.Headers.ContainsKey) || HttpProtocol.IsHttp10(request.Protocol);

    public static bool IsTrusted(this ForwardedHeadersOptions trusted, IPAddress peer)
    {
        var plain = peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer;
        return trusted.KnownProxies.Contains(peer) || trusted.KnownProxies.Contains(plain)
            || trusted.KnownIPNetworks.Any(network => network.Contains(peer) || network.Contains(plain));
    }
}
