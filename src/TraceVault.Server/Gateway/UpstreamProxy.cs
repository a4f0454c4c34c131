using System.Net;
using TraceVault.Settings;

namespace TraceVault.Gateway;

/// <summary>
/// Decides whether requests to the upstream go through a proxy, by the environment variables that curl and Go know. Decision 16 says how
/// they are read.
/// </summary>
internal static class UpstreamProxy
{
    private static readonly string[] ProxyVariables = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        BypassVariables = ["no_proxy", "NO_PROXY"];

    /// <param name="upstream">The address that requests go to.</param>
    /// <param name="variable">Reads the environment.</param>
    /// <returns>Null for a direct connection.</returns>
    /// <exception cref="StartupException">A variable holds something that is not a proxy's address.</exception>
    public static IWebProxy? Of(Uri upstream, Func<string, string?> variable)
    {
        // Only with TLS to the upstream itself, because a proxy in between must not see the key.
        if (upstream.Scheme != Uri.UriSchemeHttps || upstream.IsLoopback
            || IsBypassed(upstream, First(BypassVariables, variable).Value ?? ""))
        {
            return null;
        }

        var (name, value) = First(ProxyVariables, variable);
        return value is null ? HttpClient.DefaultProxy : Parse(name, value); // the default is the proxy set in Windows or macOS
    }

    private static (string Name, string? Value) First(string[] names, Func<string, string?> variable) =>
        names.Select(name => (Name: name, Value: variable(name)?.Trim())).FirstOrDefault(each => each.Value is { Length: > 0 });

    private static WebProxy Parse(string name, string value)
    {
        var (scheme, rest) = value.Split("://", 2) is [var given, var behind] ? (given, behind) : ("http", value);
        // The spellings of desktops and curl: .NET leaves names to the proxy anyway.
        var spelled = scheme is "socks" or "socks5h" ? "socks5" : scheme;
        // The message does not repeat the value, which may hold a password.
        if (!Uri.TryCreate($"{spelled}://{rest}", UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https" or "socks4" or "socks4a" or "socks5") || url.Host.Length == 0 || url.Port <= 0)
        {
            throw new StartupException(
                $"{name} is invalid: it takes a proxy's address such as http://proxy.example.com:3128. Unset it to connect directly.");
        }

        var user = url.UserInfo.Split(':', 2);
        return new WebProxy(url)
        {
            Credentials = url.UserInfo.Length == 0 ? null : new NetworkCredential(
                Uri.UnescapeDataString(user[0]), user.Length > 1 ? Uri.UnescapeDataString(user[1]) : ""),
        };
    }

    private static bool IsBypassed(Uri upstream, string list) =>
        list.Split([',', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Any(entry =>
            entry == "*" || Matches(entry, upstream.IdnHost.TrimEnd('.'), upstream.Port));

    private static bool Matches(string entry, string host, int port)
    {
        if (IPAddress.TryParse(entry.Trim('[', ']'), out var whole))
        {
            return IPAddress.TryParse(host, out var same) && whole.Equals(same); // it has no port: the colons are those of IPv6
        }

        if (entry.LastIndexOf(':') is var colon and > 0 && int.TryParse(entry.AsSpan(colon + 1), out var only))
        {
            return only == port && Matches(entry[..colon], host, port);
        }

        if (entry.Split('/') is [var start, var length] && IPAddress.TryParse(start, out var network) && int.TryParse(length, out var bits))
        {
            return IPAddress.TryParse(host, out var address) && IsWithin(address, network, bits);
        }

        var name = entry.TrimStart('*').Trim('.');
        return name.Length > 0
            && (host.Equals(name, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Unlike <see cref="IPNetwork"/>, this also takes a network that is written as the address of one of its hosts.</summary>
    private static bool IsWithin(IPAddress address, IPAddress network, int bits)
    {
        byte[] one = address.GetAddressBytes(), other = network.GetAddressBytes();
        return one.Length == other.Length && bits >= 0 && bits <= one.Length * 8
            && Enumerable.Range(0, bits).All(bit => ((one[bit / 8] ^ other[bit / 8]) & (0x80 >> (bit % 8))) == 0);
    }
}
