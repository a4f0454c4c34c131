using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TraceVault.FakeAnthropic;
using TraceVault.Gateway;

namespace TraceVault.Tests.Gateway;

/// <summary>Every way not to reach an upstream: the operator is told which one it is, the client is not.</summary>
public sealed class UpstreamFailureTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public Task An_unknown_host() =>
        InProcessAsync("http://localhost:1", "name_resolution", "no machine of that name", Failing(SocketError.HostNotFound));

    [Fact]
    public Task A_DNS_that_does_not_answer() =>
        InProcessAsync("http://localhost:1", "name_resolution", "DNS", Failing(SocketError.TryAgain));

    [Fact]
    public Task A_refusal() => InProcessAsync("http://localhost:1", "refused", "nothing listens there", new Dialing(
        (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback])));

    [Fact]
    public Task No_route() =>
        InProcessAsync("http://localhost:1", "unreachable", "there is no route to it", Failing(SocketError.NetworkUnreachable));

    [Fact]
    public async Task A_host_that_swallows_packets()
    {
        using var silent = new SilentAddress(new(IPAddress.Loopback, 0));
        var dialing = new Dialing((_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback])) { Limit = TimeSpan.FromMilliseconds(300) };

        await InProcessAsync($"http://localhost:{silent.Port}", "timeout", "no connection was made in time", dialing);
    }

    [Fact]
    public async Task A_certificate_of_an_unknown_authority()
    {
        using var certificate = TestCertificate.Create();
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { Certificate = certificate }, Cancel);

        await InProcessAsync(upstream.Url.AbsoluteUri, "certificate_untrusted", "an authority that this machine does not trust");
    }

    [Fact]
    public async Task A_certificate_that_has_expired()
    {
        using var certificate = TestCertificate.Create(years: 1);
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { Certificate = certificate }, Cancel);

        await InProcessAsync(upstream.Url.AbsoluteUri, "certificate_expired", "Check the clock of this machine");
    }

    [Fact]
    public async Task A_trusted_certificate_of_another_name()
    {
        using var certificate = TestCertificate.Create("other.test");

        await TrustedAsync(certificate, "1.1", "certificate_name", "for another name");
    }

    [Fact]
    public async Task An_upstream_without_HTTP_2()
    {
        using var certificate = TestCertificate.Create();

        await TrustedAsync(certificate, "2", "tls", "HTTP/2 if TRACEVAULT_PROXY__UPSTREAMHTTPVERSION is 2");
    }

    [Fact]
    public async Task A_port_without_TLS()
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(null, Cancel);

        await InProcessAsync(
            $"https://127.0.0.1:{upstream.Url.Port}", "tls", "Check that TRACEVAULT_ANTHROPIC_URL names a port that speaks TLS");
    }

    [Fact]
    public async Task A_firewall_that_breaks_off_the_handshake()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var resetting = ResetAllAsync();

        await InProcessAsync($"https://{listener.LocalEndpoint}", "reset", "broken off before it was established");

        listener.Stop();
        await resetting;

        async Task ResetAllAsync()
        {
            try
            {
                while (true)
                {
                    using var connection = await listener.AcceptSocketAsync(Cancel);
                    await connection.ReceiveAsync(new byte[1], Cancel);
                    connection.LingerState = new(true, 0);
                }
            }
            catch (SocketException)
            {
                // The listener is closed.
            }
        }
    }

    [Theory]
    [InlineData(nameof(Fault.Reset), "reset")]
    [InlineData("nonsense", "protocol")]
    public async Task An_answer_that_never_came_is_an_event_and_no_state(string what, string reason)
    {
        await using var rig = await ProxyRig.StartAsync();
        using var odd = new TcpListener(IPAddress.Loopback, 0);
        odd.Start();
        rig.Upstream.EnqueueFault(Fault.Reset());
        await using var server = what == "nonsense" ? await TestServer.StartAsync(upstream: new($"http://{odd.LocalEndpoint}")) : null;
        var (asked, token) = server is null ? (rig.Server, rig.Token) : (server, await server.SetUpWithKeyAsync());
        var talking = server is null ? Task.CompletedTask : TalkNonsenseAsync();

        using var answer = await asked.Client.SendAsync(asked.ProxyRequest(token, "/v1/models"), Cancel);
        await talking;

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains($"reason={reason}", await asked.Log.WaitForAsync(" upstream_unreachable ", Cancel));
        Assert.DoesNotContain("cannot be reached", asked.Log.Text);

        async Task TalkNonsenseAsync()
        {
            using var connection = await odd.AcceptSocketAsync(Cancel);
            await connection.ReceiveAsync(new byte[4096], Cancel);
            await connection.SendAsync("220 mail.example.com ESMTP\r\n\r\n"u8.ToArray(), Cancel);
        }
    }

    [Fact]
    public async Task An_outage_is_told_once_and_so_is_its_end()
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(null, Cancel);
        var isDown = true;
        await using var server = await StartAsync(
            $"http://localhost:{upstream.Url.Port}", new((_, _) => isDown
                ? throw new SocketException((int)SocketError.HostNotFound)
                : Task.FromResult<IPAddress[]>([IPAddress.Loopback])));
        var token = await server.SetUpWithKeyAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(server, token)));
        isDown = false;
        Assert.Equal(HttpStatusCode.OK, await SendAsync(server, token));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(server, token));

        await server.Log.WaitForAsync("answers again", Cancel);

        Assert.Single(server.Log.Lines, line =>
            line.StartsWith("Warning") && line.Contains($"localhost:{upstream.Url.Port} cannot be reached: no machine of that name"));
        Assert.Single(server.Log.Lines, line => line.Contains("answers again"));
        for (var patience = Patience.Cancel; Told() < 20;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), patience); // a request is logged only after its answer
        }

        Assert.Equal(20, Told());

        int Told() => server.Log.Lines.Count(line => line.Contains("reason=name_resolution") && line.Contains("duration_ms"));
    }

    private static Dialing Failing(SocketError error) => new((_, _) => throw new SocketException((int)error));

    private static Task<TestServer> StartAsync(string upstream, Dialing? dialing) => TestServer.StartAsync(
        upstream: new(upstream), replace: services => services.Replace(ServiceDescriptor.Singleton(dialing ?? new Dialing())));

    private static async Task InProcessAsync(string upstream, string reason, string says, Dialing? dialing = null)
    {
        await using var server = await StartAsync(upstream, dialing);
        var token = await server.SetUpWithKeyAsync();

        using var answer = await server.Client.SendAsync(server.ProxyRequest(token, "/v1/models"), Cancel);

        var body = await AssertUnreachableAsync(answer);
        Assert.DoesNotContain(says, body);
        Assert.Contains(says, await server.Log.WaitForAsync(" cannot be reached: ", Cancel));
        Assert.Contains($"reason={reason}", await server.Log.WaitForAsync(" upstream_unreachable ", Cancel));
        Assert.DoesNotContain(TestServer.AnthropicKey, server.Log.Text);
    }

    private static async Task TrustedAsync(X509Certificate2 certificate, string version, string reason, string says)
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { Certificate = certificate }, Cancel);
        await using var database = await TestDatabase.CreateAsync("sqlite");
        var authority = Path.Combine(database.DataDirectory, "authority.pem");
        await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem(), Cancel);
        await using var server = await ConfiguredServer.StartAsync(
            database, upstream.Url, ("SSL_CERT_FILE", authority), ("TRACEVAULT_PROXY__UPSTREAMHTTPVERSION", version));

        await server.AssertUnreachableAsync(reason, says);
    }

    private static async Task<string> AssertUnreachableAsync(HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("upstream_unreachable", answer.Headers.GetValues("x-tracevault-error").Single());
        Assert.Contains("TraceVault could not reach Anthropic.", body);
        return body;
    }

    private static async Task<HttpStatusCode> SendAsync(TestServer server, string token)
    {
        using var answer = await server.Client.SendAsync(server.ProxyRequest(token, "/v1/models"), Cancel);
        return answer.StatusCode;
    }
}
