using System.Net.Sockets;

namespace TraceVault.Hosting;

/// <summary>Probes on silent connections. A model may think for minutes without a byte, and routers forget a connection that is silent for as long.</summary>
/// <remarks>They also end a connection whose other side is gone without a word, after ten minutes, which is as long as a silence may last.</remarks>
internal static class KeepAlive
{
    /// <summary>Of silence before the first probe, and between two; as Anthropic's SDKs have it.</summary>
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
            // Some systems refuse it on a connection that the other side has broken off already; whoever reads finds out.
        }
    }
}
