using System.Net;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

/// <summary>A request that is silent for minutes behind a router that forgets silent connections.</summary>
public sealed class KeepAliveTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task Silent_connections_are_probed_every_minute_on_both_sides()
    {
        var gate = new TaskCompletionSource();
        await using var rig = await ProxyRig.StartAsync();
        rig.Upstream.EnqueueFault(Fault.Delay(gate.Task));
        using var client = await RawHttp.ConnectAsync(rig.Server.Url);
        await client.WriteAsync(
            $"GET /proxy/anthropic/v1/models HTTP/1.1\r\nHost: {rig.Server.Url.Authority}\r\nx-api-key: {rig.Token}\r\n\r\n", Cancel);
        await rig.Upstream.NextRequestAsync(Cancel);

        await ProbedAsync(row => row.LocalPort == rig.Server.Url.Port && row.RemotePort == ((IPEndPoint)client.Socket.LocalEndPoint!).Port);
        await ProbedAsync(row => row.RemotePort == rig.Upstream.Url.Port);
        gate.SetResult();
    }

    /// <summary>
    /// Waits until the timer of the next probe runs: another timer runs until the bytes that were sent last are acknowledged.
    /// </summary>
    private static async Task ProbedAsync(Func<TcpRow, bool> connection)
    {
        var cancel = Cancel;
        TcpRow? row;
        while ((row = TcpTable.Read().SingleOrDefault(each =>
            each.State == TcpRow.Established && connection(each)))?.Timer is not TcpRow.KeepAlive)
        {
            Assert.NotNull(row);
            Assert.False(cancel.IsCancellationRequested, $"No probe is due: {row}");
            await Task.Yield();
        }

        Assert.InRange(row.Due, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));
    }
}
