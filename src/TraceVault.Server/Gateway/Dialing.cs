using System.Net;
using System.Net.Sockets;
using TraceVault.Hosting;

namespace TraceVault.Gateway;

/// <summary>Connects to a name by whichever of its addresses answers first (RFC 8305, "Happy Eyeballs"). Decision 16 says why.</summary>
/// <param name="resolve">Finds the addresses of a name, the preferred one first.</param>
internal sealed class Dialing(Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    /// <summary>How long an address is tried alone before the next one is tried beside it (RFC 8305 §8).</summary>
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);

    public Dialing()
        : this(Dns.GetHostAddressesAsync)
    {
    }

    /// <summary>How long connecting may take in all, from the name to the end of the TLS handshake. The caller enforces it.</summary>
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
                        cancel.ThrowIfCancellationRequested(); // with the caller's token, by which the HTTP client knows its own limit
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

    /// <summary>Closes the socket of an attempt that lost, which may have connected at the same moment.</summary>
    private static async Task CloseAsync(Task<Socket> attempt)
    {
        try
        {
            (await attempt).Dispose();
        }
        catch (Exception problem) when (problem is SocketException or OperationCanceledException)
        {
            // An attempt that fails closes its socket itself.
        }
    }

    /// <summary>
    /// Takes an address of each family in turn, so that a family without a route costs one head start, however many addresses it has.
    /// </summary>
    private static IEnumerable<IPAddress> Alternating(IPAddress[] addresses) => addresses
        .GroupBy(address => address.AddressFamily)
        .SelectMany(family => family.Select((address, turn) => (address, turn)))
        .OrderBy(each => each.turn)
        .Select(each => each.address);

    /// <summary>
    /// Prefers the error that says something about the upstream. A machine without IPv6 has no route to half of the addresses, whatever the
    /// upstream does.
    /// </summary>
    private static SocketException MoreTelling(SocketException one, SocketException other) => one.SocketErrorCode
        is SocketError.HostNotFound or SocketError.NetworkUnreachable or SocketError.HostUnreachable
            or SocketError.AddressFamilyNotSupported ? other : one;
}
