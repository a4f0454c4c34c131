using System.Net;
using System.Net.Sockets;
using TraceVault.Hosting;

namespace TraceVault.Gateway;

/// <summary>Connects to a name by whichever of its addresses answers first (RFC 8305, "Happy Eyeballs"). Decision 16 says why.</summary>
/// <param name="resolve">Finds the addresses of a name, the preferred one first.</param>
internal sealed class Dialing(Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    /// <summary>How long an address has before the next is tried beside it (RFC 8305 §8).</summary>
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);

    public Dialing()
        : this(Dns.GetHostAddressesAsync)
    {
    }

    /// <summary>How long it may all take, from the name to the end of the TLS handshake; whoever dials sees to it.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(10);

    /// <exception cref="SocketException">The name has no address, or none of them takes a connection.</exception>
    public async Task<Socket> ConnectAsync(DnsEndPoint to, CancellationToken cancel)
    {
        var addresses = new Queue<IPAddress>(Alternating(await resolve(to.Host, cancel)));
        var failure = new SocketException((int)SocketError.HostNotFound);
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        List<Task<Socket>> attempts = [];
        try
        {
            while (attempts.Count + addresses.Count > 0)
            {
                if (addresses.TryDequeue(out var address))
                {
                    attempts.Add(AttemptAsync(new(address, to.Port), others.Token));
                }

                await Task.WhenAny([.. attempts, Task.Delay(addresses.Count > 0 ? HeadStart : Timeout.InfiniteTimeSpan, others.Token)]);
                while (attempts.Find(attempt => attempt.IsCompleted) is { } ended)
                {
                    attempts.Remove(ended);
                    try
                    {
                        return await ended;
                    }
                    catch (SocketException problem)
                    {
                        failure = MoreTelling(failure, problem);
                    }
                    catch (OperationCanceledException)
                    {
                        cancel.ThrowIfCancellationRequested(); // by the caller's own token, which tells the HTTP client of its limit
                        throw;
                    }
                }
            }

            throw failure;
        }
        finally
        {
            await others.CancelAsync();
            attempts.ForEach(attempt => _ = CloseAsync(attempt));
        }
    }

    private static async Task<Socket> AttemptAsync(IPEndPoint to, CancellationToken cancel)
    {
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(to, cancel);
            KeepAlive.Enable(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The one that lost may have connected in the same moment.</summary>
    private static async Task CloseAsync(Task<Socket> attempt)
    {
        try
        {
            (await attempt).Dispose();
        }
        catch (Exception problem) when (problem is SocketException or OperationCanceledException)
        {
            // It has closed its socket itself.
        }
    }

    /// <summary>
    /// By turns one of either family, so that one family without a way costs one head start, however many addresses it has.
    /// </summary>
    private static IEnumerable<IPAddress> Alternating(IPAddress[] addresses) => addresses
        .GroupBy(address => address.AddressFamily)
        .SelectMany(family => family.Select((address, turn) => (address, turn)))
        .OrderBy(each => each.turn)
        .Select(each => each.address);

    /// <summary>A machine without IPv6 has no way to half of the addresses, which says nothing of the upstream.</summary>
    private static SocketException MoreTelling(SocketException one, SocketException other) => one.SocketErrorCode
        is SocketError.HostNotFound or SocketError.NetworkUnreachable or SocketError.HostUnreachable
            or SocketError.AddressFamilyNotSupported ? other : one;
}
