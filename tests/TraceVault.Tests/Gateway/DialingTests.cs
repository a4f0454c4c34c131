using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TraceVault.Gateway;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Tests.Gateway;

/// <summary>Names with several addresses, some of which are of no use.</summary>
public sealed class DialingTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task An_address_that_swallows_packets_costs_a_quarter_of_a_second()
    {
        using var sound = Listen(IPAddress.Loopback);
        using var silent = new SilentAddress(new(IPAddress.IPv6Loopback, PortOf(sound)));
        using var upstream = new Upstream(
            new AnthropicProvider(new() { AnthropicUrl = $"http://localhost:{silent.Port}" }, new()), 0, new(),
            new Dialing((_, _) => Task.FromResult<IPAddress[]>([IPAddress.IPv6Loopback, IPAddress.Loopback])), TimeProvider.System);
        using var client = upstream.Once();
        using var request = new HttpRequestMessage(HttpMethod.Get, upstream.AddressOf("/"));
        var answering = AnswerAsync();

        var started = Stopwatch.GetTimestamp();
        using var answer = await client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromMilliseconds(240), TimeSpan.FromSeconds(3));
        await answering;
        await AttemptsAsync(silent, 0);

        async Task AnswerAsync()
        {
            using var connection = await sound.AcceptAsync(Cancel);
            await connection.ReceiveAsync(new byte[4096], Cancel);
            await connection.SendAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), Cancel);
        }
    }

    [Fact]
    public async Task One_family_without_a_way_costs_once_however_many_addresses_it_has()
    {
        using var sound = Listen(IPAddress.Loopback);
        using var silent = new SilentAddress(new(IPAddress.IPv6Loopback, PortOf(sound)));
        var dialing = Of([.. Enumerable.Repeat(IPAddress.IPv6Loopback, 40), IPAddress.Loopback]);

        var started = Stopwatch.GetTimestamp();
        using var socket = await dialing.ConnectAsync(new("upstream.test", silent.Port), Cancel);

        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task An_address_that_refuses_costs_nothing()
    {
        using var sound = Listen(IPAddress.Loopback);
        var dialing = Of([.. Enumerable.Repeat(IPAddress.IPv6Loopback, 40), IPAddress.Parse("127.0.0.9"), IPAddress.Loopback]);

        var started = Stopwatch.GetTimestamp();
        using var socket = await dialing.ConnectAsync(new("upstream.test", PortOf(sound)), Cancel);

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(3), "40 refusals took as long as 40 head starts.");
    }

    [Fact]
    public async Task All_that_refuse_are_one_refusal_at_once()
    {
        int port;
        using (var gone = Listen(IPAddress.Loopback))
        {
            port = PortOf(gone);
        }

        // There is no route from here to the last address, an error that says less than a refusal.
        var dialing = Of([IPAddress.Loopback, IPAddress.Parse("127.0.0.9"), IPAddress.Parse("::ffff:0:0")]);

        var problem = await Assert.ThrowsAsync<SocketException>(() => dialing.ConnectAsync(new("upstream.test", port), Cancel));

        Assert.Equal(SocketError.ConnectionRefused, problem.SocketErrorCode);
    }

    [Fact]
    public async Task A_name_without_addresses_is_an_unknown_host()
    {
        var problem = await Assert.ThrowsAsync<SocketException>(() => Of([]).ConnectAsync(new("upstream.test", 443), Cancel));

        Assert.Equal(SocketError.HostNotFound, problem.SocketErrorCode);
    }

    [Fact]
    public async Task Giving_up_closes_every_attempt()
    {
        using var silent = new SilentAddress(new(IPAddress.Loopback, 0));
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var dialing = Of([IPAddress.Loopback, IPAddress.Loopback]).ConnectAsync(new("upstream.test", silent.Port), giveUp.Token);
        await AttemptsAsync(silent, 2);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialing);
        await AttemptsAsync(silent, 0);
    }

    [Fact]
    public async Task All_of_it_has_one_limit()
    {
        using var silent = new SilentAddress(new(IPAddress.Loopback, 0));
        var dialing = new Dialing((_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Loopback]))
        {
            Limit = TimeSpan.FromMilliseconds(600),
        };
        using var upstream = new Upstream(
            new AnthropicProvider(new() { AnthropicUrl = $"http://localhost:{silent.Port}" }, new()), 0, new(), dialing,
            TimeProvider.System);
        using var client = upstream.Once();
        using var request = new HttpRequestMessage(HttpMethod.Get, upstream.AddressOf("/"));

        var problem = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.SendAsync(request, Cancel));

        Assert.IsType<TimeoutException>(problem.InnerException);
        await AttemptsAsync(silent, 0);
    }

    private static Dialing Of(IPAddress[] addresses) => new((_, _) => Task.FromResult(addresses));

    private static Socket Listen(IPAddress address)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen();
        return listener;
    }

    private static int PortOf(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port;

    /// <summary>Waits until exactly this many connections are being attempted.</summary>
    private static async Task AttemptsAsync(SilentAddress address, int count)
    {
        var cancel = Cancel;
        while (TcpTable.Read().Count(row => row.RemotePort == address.Port && row.State == TcpRow.SynSent) != count)
        {
            cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
