using System.Net.Sockets;

namespace TraceVault.Hosting;

/// <summary>
/// Probes silent connections. A model may think for minutes without sending a byte, and routers forget a connection that is silent that
/// long.
/// </summary>
/// <remarks>They also end a connection whose other side has vanished: after ten minutes, which is as long as a silence may last.</remarks>
internal static class KeepAlive
{
    /// <summary>Silence before the first probe, and between two; the same as in Anthropic's SDKs.</summary>
    private const int Seconds = 60;

    /// <summary>How many probes go unanswered before the connection ends.</summary>
    private const int Probes = 9;

    public static void Enable(Socket socket)
    {
        if (socket.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
        {
            return;
        }

        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Seconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Seconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        }
        catch (SocketException)
        {
            // Some systems refuse it on a connection that the other side has already broken off; the next read finds out.
        }
    }
}
