using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace TraceVault.Hosting;

/// <summary>Warns the operator of a deployment that works but does not do what they want.</summary>
internal static class HostingWarnings
{
    /// <summary>Warns when links would lead everybody to their own machine.</summary>
    public static void WarnOfLocalLinks(this WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        if (app.Services.GetRequiredService<HostingOptions>().PublicUrl is null && addresses.Any(IsEverywhere))
        {
            app.Logger.LogWarning(
                "The server listens on all addresses and TRACEVAULT_PUBLIC_URL is not set, so links and instructions say {Origin}. "
                + "Set TRACEVAULT_PUBLIC_URL to the address that people use, such as https://tracevault.example.com.",
                app.Services.GetRequiredService<PublicUrl>().Origin);
        }
    }

    /// <summary>
    /// Warns of a data folder that existed before and is open to others: its files are closed to them, but whoever may write to the folder
    /// can replace them.
    /// </summary>
    public static void WarnOfOpenFolder(this WebApplication app)
    {
        const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        var folder = app.Services.GetRequiredService<DataDirectory>().Path;
        if (!OperatingSystem.IsWindows() && Directory.Exists(folder) && (File.GetUnixFileMode(folder) & Others) != 0)
        {
            app.Logger.LogWarning(
                "Other users of this machine may write to the data folder {Folder}, and so replace the database and the master key. "
                + "Close it: chmod 700 {Folder}",
                folder,
                folder);
        }
    }

    /// <summary>Belongs before the middleware that believes the headers of trusted proxies and removes them.</summary>
    public static void WarnOfUntrustedProxy(this WebApplication app)
    {
        var trusted = app.Services.GetRequiredService<HostingOptions>().TrustedProxies is null ? null
            : app.Services.GetRequiredService<IOptions<ForwardedHeadersOptions>>().Value;
        var isTold = 0;
        app.Use((context, next) =>
        {
            if (Volatile.Read(ref isTold) == 0
                && context.Connection.RemoteIpAddress is { } peer
                && Forwarding.NamesClient(context.Request)
                && trusted?.IsTrusted(peer) is not true && Interlocked.Exchange(ref isTold, 1) == 0)
            {
                app.Logger.LogWarning(
                    "Requests from {Peer} carry X-Forwarded-For or the like, which is not believed because "
                    + "TRACEVAULT_TRUSTED_PROXIES does not name that address. "
                    + "If it is your reverse proxy, set TRACEVAULT_TRUSTED_PROXIES={Peer}: until then everybody behind it counts as "
                    + "one address, and a stranger's failed sign-ins hold up everybody's.",
                    peer.ToString(),
                    peer.ToString()); // as text: an address of the framework's own type does not become JSON
            }

            return next(context);
        });
    }

    private static bool IsEverywhere(string address) =>
        Uri.TryCreate(
            address.Replace("//+", "//0.0.0.0", StringComparison.Ordinal).Replace("//*", "//0.0.0.0", StringComparison.Ordinal),
            UriKind.Absolute,
            out var url) // fails for the path of a Unix socket
        && IPAddress.TryParse(url.Host.Trim('[', ']'), out var ip)
        && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
}
