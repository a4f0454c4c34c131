using System.Net;
using System.Net.Sockets;

namespace TraceVault.Tests.Gateway;

/// <summary>An address that swallows every attempt to connect, as one behind a broken route does: a listener whose queue is full.</summary>
internal sealed class SilentAddress : IDisposable
{
    private readonly Socket _listener;
    private readonly Socket _only;

    /// <param name="at">Port 0 takes a free one.</param>
    public SilentAddress(IPEndPoint at)
    {
        _listener = new(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(at);
        _listener.Listen(0); // Linux takes one more than it is told, and drops the packets of all others
        _only = new(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _only.Connect(_listener.LocalEndPoint!);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public void Dispose()
    {
        _only.Dispose();
        _listener.Dispose();
    }
}
