using System.Net;
using System.Net.Sockets;
using System.Text;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

/// <summary>A company's proxy between the server and its upstream.</summary>
public sealed class ProxyTunnelTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task It_passes_on_TLS_that_it_cannot_read()
    {
        using var certificate = TestCertificate.Create("upstream.test");
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { Certificate = certificate }, Cancel);
        await using var database = await TestDatabase.CreateAsync("sqlite");
        var authority = Path.Combine(database.DataDirectory, "authority.pem");
        await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem(), Cancel);
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        await using var server = await ConfiguredServer.StartAsync(
            database,
            new("https://upstream.test"),
            ("HTTPS_PROXY", $"http://{proxy.LocalEndpoint}"),
            ("NO_PROXY", "other.test"),
            ("SSL_CERT_FILE", authority));
        var asking = server.Client.SendAsync(server.ProxyRequest(await server.SetUpWithKeyAsync(), "/v1/models"), Cancel);

        using var inside = await proxy.AcceptTcpClientAsync(Cancel);
        Assert.StartsWith("CONNECT upstream.test:443 HTTP/1.1\r\n", await ReadHeadAsync(inside.Client));
        using var outside = new TcpClient();
        await outside.ConnectAsync(IPAddress.Loopback, upstream.Url.Port, Cancel);
        await inside.Client.SendAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), Cancel);
        var passing = Task.WhenAll(PassAsync(outward: true), PassAsync(outward: false));

        using var answer = await asking;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(TestServer.AnthropicKey, Assert.Single((await upstream.NextRequestAsync(Cancel)).Header("x-api-key")));
        await server.Process.StopAsync(Cancel);
        await passing;

        async Task PassAsync(bool outward)
        {
            var (from, to) = outward ? (inside, outside) : (outside, inside);
            await from.GetStream().CopyToAsync(to.GetStream(), Cancel);
            to.Client.Shutdown(SocketShutdown.Send);
        }
    }

    [Fact]
    public async Task A_refusal_of_the_proxys_is_told_as_such()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        await using var server = await ConfiguredServer.StartAsync(
            database, new("https://upstream.test"), ("https_proxy", $"http://user:hunter2@{proxy.LocalEndpoint}"));
        var failing = server.AssertUnreachableAsync("proxy", "the proxy refused to connect to it");

        using var connection = await proxy.AcceptSocketAsync(Cancel);
        Assert.DoesNotContain(TestServer.AnthropicKey, await ReadHeadAsync(connection));
        await connection.SendAsync("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"u8.ToArray(), Cancel);

        await failing;
        Assert.Contains($"upstream.test:443 (through the proxy {proxy.LocalEndpoint}) cannot be reached", server.Process.Output);
        Assert.DoesNotContain("hunter2", server.Process.Output);
    }

    /// <summary>The upstream's address belongs to nobody: all that counts is whether the proxy was asked.</summary>
    [Fact]
    public async Task It_is_not_asked_when_NO_PROXY_leaves_out_everything()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        var url = $"http://{proxy.LocalEndpoint}";
        await using var server = await ConfiguredServer.StartAsync(
            database, new("https://0.0.0.0"), ("HTTPS_PROXY", url), ("HTTP_PROXY", url), ("ALL_PROXY", url), ("NO_PROXY", "*"));

        await server.AssertUnreachableAsync("unreachable", "there is no route to it");

        Assert.False(proxy.Pending());
    }

    private static async Task<string> ReadHeadAsync(Socket connection)
    {
        var head = new byte[4096];
        var length = 0;
        while (!head.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            length += await connection.ReceiveAsync(head.AsMemory(length), Cancel);
        }

        return Encoding.Latin1.GetString(head, 0, length);
    }
}
