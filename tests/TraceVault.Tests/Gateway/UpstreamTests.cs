using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

public class UpstreamTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task Speaks_HTTP_2_when_the_operator_chooses_it()
    {
        await using var rig = await ProxyRig.StartAsync(new() { Http2 = true }, settings: "--Proxy:UpstreamHttpVersion=2");

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => rig.CallAsync(ProxyRig.Message(stream: true), cancel: Cancel)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.All(rig.Upstream.Requests, request => Assert.Equal("HTTP/2", request.Protocol));
        Assert.All(rig.Upstream.Requests, request => Assert.Equal(TestServer.AnthropicKey, Assert.Single(request.Header("x-api-key"))));
    }

    [Fact]
    public async Task Speaks_HTTP_1_1_otherwise_and_keeps_its_connections()
    {
        await using var rig = await ProxyRig.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        }

        Assert.All(rig.Upstream.Requests, request => Assert.Equal("HTTP/1.1", request.Protocol));
        Assert.Equal(1, rig.Upstream.TotalConnections);
    }

    /// <summary>
    /// Runs in a process of its own, because the operator's certificate authority is made known by an environment variable, SSL_CERT_FILE.
    /// </summary>
    [Fact]
    public async Task Reaches_an_upstream_by_TLS_whose_certificate_it_trusts()
    {
        using var certificate = TestCertificate.Create();
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { Certificate = certificate }, Cancel);
        await using var database = await TestDatabase.CreateAsync("sqlite");
        var authority = Path.Combine(database.DataDirectory, "authority.pem");
        await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem(), Cancel);
        await using var server = ServerProcess.Start(new Dictionary<string, string>
        {
            ["TRACEVAULT_DATA_DIR"] = Path.Combine(database.DataDirectory, "data"),
            ["TRACEVAULT_SETUP_TOKEN"] = TestServer.SetupToken,
            ["TRACEVAULT_ANTHROPIC_URL"] = upstream.Url.AbsoluteUri,
            ["SSL_CERT_FILE"] = authority,
        });
        using var client = new HttpClient { BaseAddress = await server.UrlAsync(Cancel) };
        using var setUp = await client.PostAsJsonAsync(
            "/api/v1/auth/setup",
            new { setup_token = TestServer.SetupToken, email = TestServer.Email, password = TestServer.Password },
            Cancel);
        var token = (await setUp.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("token").GetString()!;
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        using var stored = await client.PutAsJsonAsync("/api/v1/me/anthropic-key", new { key = TestServer.AnthropicKey }, Cancel);

        using var answer = await client.GetAsync("/proxy/anthropic/v1/models", Cancel);

        Assert.True(answer.IsSuccessStatusCode, server.Output);
        Assert.Equal(TestServer.AnthropicKey, Assert.Single((await upstream.NextRequestAsync(Cancel)).Header("x-api-key")));
    }
}
