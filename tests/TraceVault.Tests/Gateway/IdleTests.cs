using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace TraceVault.Tests.Gateway;

/// <summary>Connections that nobody uses, on both sides.</summary>
public sealed class IdleTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task An_idle_connection_to_the_upstream_is_closed_before_the_upstream_does()
    {
        await using var rig = await ProxyRig.StartAsync(settings: "--Proxy:UpstreamIdleTimeout=00:00:01");
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);

        await rig.Upstream.WaitForConnectionsAsync(0, Patience.Within(TimeSpan.FromSeconds(20))); // without the setting it takes longer
    }

    [Fact]
    public async Task An_idle_client_is_kept_as_long_as_the_operator_says()
    {
        await using var server = await TestServer.StartAsync(settings: "--IdleTimeout=00:00:02");
        using var client = await RawHttp.ConnectAsync(server.Url);
        await client.WriteAsync($"GET /healthz HTTP/1.1\r\nHost: {server.Url.Authority}\r\n\r\n", Cancel);
        await client.ReadUntilAsync("\r\n\r\n", Cancel);

        Assert.False((await client.ReadAsync(Patience.Within(TimeSpan.FromSeconds(30)))).WasReset);
    }

    [Fact]
    public async Task By_default_it_is_kept_longer_than_by_any_load_balancer_in_front()
    {
        await using var server = await TestServer.StartAsync();

        var limits = server.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.True(limits.KeepAliveTimeout > TimeSpan.FromSeconds(600));
    }
}
