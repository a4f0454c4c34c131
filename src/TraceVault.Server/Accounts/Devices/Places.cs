using System.Net;
using TraceVault.Hosting;
using TraceVault.Identity;

namespace TraceVault.Accounts.Devices;

/// <summary>From which place a device calls, roughly: its network address. It tells the two apart who hold one refresh token (decision 19).</summary>
internal sealed class Places(PublicUrl publicUrl)
{
    /// <returns>Null when nobody can tell: a proxy in front that is not trusted makes all addresses its own.</returns>
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
