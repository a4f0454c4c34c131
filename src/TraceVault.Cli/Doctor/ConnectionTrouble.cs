using System.Net.Sockets;

namespace TraceVault.Cli.Doctor;

/// <summary>Says why no answer came, and what to do.</summary>
internal static class ConnectionTrouble
{
    public static Finding Of(Gateway gateway, HttpRequestException failed) => failed.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError =>
            Finding.Fail($"No machine named {gateway.Server.Host} was found.", "Check the URL and your network."),
        HttpRequestError.SecureConnectionError =>
            gateway.Client.Certificate?.Trouble(gateway.Server.Host) ?? (IsBrokenOff(failed) ? BrokenOff : Finding.Fail(
                "No TLS connection was made.",
                "If the server speaks plain http, give its http:// URL; otherwise check how TLS is set up on the server.")),
        HttpRequestError.ProxyTunnelError => Finding.Fail(
            "The proxy named by HTTPS_PROXY refused the connection.", "Add the server to NO_PROXY if it is reachable directly."),
        HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.InvalidResponse =>
            Finding.Fail("What answers there does not speak HTTP, or its answer is too long.", "Check the URL."),
        _ when IsBrokenOff(failed) => BrokenOff,
        _ => Finding.Fail($"No answer: {ApiFailure.Reason(failed)}.", "Check the URL and that the server is running."),
    };

    private static Finding BrokenOff => Finding.Fail(
        "No answer: the server, or something on the way to it, broke off the connection.",
        "Check the URL and the firewall, and look at the log of the server and at that of any proxy in front of it.");

    private static bool IsBrokenOff(HttpRequestException failed) => failed.HttpRequestError is HttpRequestError.ResponseEnded
        || failed.GetBaseException() is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted };
}
