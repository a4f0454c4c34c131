using System.Net;
using TraceVault.Accounts;
using TraceVault.Hosting;
using TraceVault.Identity;

namespace TraceVault.Devices;

/// <summary>
/// The rough place from which a device calls, which is its network address. It distinguishes two parties that hold the same refresh token
/// (decision 19).
/// </summary>
internal sealed class Places(PublicUrl publicUrl)
{
    /// <returns>Null when it cannot be told: behind a proxy that is not trusted, every address is that of the proxy.</returns>
    public string? Of(Origin origin)
    {
        if (!IPAddress.TryParse(origin.Address, out var address))
        {
            return null;
        }

        if (!IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
        {
            return SignInThrottle.Subject(address);
        }

        return new Uri(publicUrl.Origin).IsLoopback ? "this machine" : null;
    }
}
