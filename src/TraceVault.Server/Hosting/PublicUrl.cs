using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using TraceVault.Settings;

namespace TraceVault.Hosting;

/// <summary>The origin that people and tools use. Never taken from a request.</summary>
internal sealed class PublicUrl(HostingOptions options, IServer server)
{
    private string? _origin = options.PublicUrl is { } text ? OriginOf(Parse(text)) : null;

    /// <summary>Scheme, host and port, no trailing slash.</summary>
    /// <exception cref="InvalidOperationException">No address is configured and the server does not listen yet.</exception>
    public string Origin => _origin ??= OriginOf(FirstListening());

    public bool IsHttps => Origin.StartsWith("https:", StringComparison.Ordinal);

    private static string OriginOf(Uri url) => url.GetLeftPart(UriPartial.Authority);

    /// <summary>The origin that the settings say, for a command that runs beside the server and does not listen itself.</summary>
    public static string OfSettings(HostingOptions options) => options.PublicUrl is { } text
        ? OriginOf(Parse(text))
        : OriginOf(Reachable(options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[0]));

    /// <exception cref="StartupException">The text is not an http or https origin.</exception>
    public static Uri Parse(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            && url is { PathAndQuery: "/", Fragment: "", UserInfo: "" })
        {
            return url;
        }

        throw new StartupException("TRACEVAULT_PUBLIC_URL is invalid: it takes only the origin, such as https://tracevault.example.com.");
    }

    /// <summary>Whether a name or address can only mean this machine: no foreign site has it.</summary>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private Uri FirstListening()
    {
        var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            ?? throw new InvalidOperationException("The server does not listen yet.");
        return Reachable(address);
    }

    private static Uri Reachable(string address)
    {
        var url = new Uri(address
            .Replace("//+", "//localhost", StringComparison.Ordinal)
            .Replace("//*", "//localhost", StringComparison.Ordinal));
        return url.Host is "0.0.0.0" or "[::]" ? new UriBuilder(url) { Host = "localhost" }.Uri : url;
    }
}
