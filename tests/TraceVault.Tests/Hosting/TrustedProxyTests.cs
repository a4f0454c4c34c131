using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Hosting;

public class TrustedProxyTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory]
    [InlineData("", "127.0.0.1")]
    [InlineData("--TrustedProxies=10.0.0.0/8", "127.0.0.1")]
    [InlineData("--TrustedProxies=127.0.0.1", "203.0.113.9")]
    [InlineData("--TrustedProxies=10.0.0.1, 127.0.0.0/8", "203.0.113.9")]
    public async Task A_forwarded_address_is_believed_from_a_trusted_proxy_alone(string setting, string address)
    {
        await using var server = await TestServer.StartAsync(settings: setting.Length > 0 ? [setting] : []);
        server.Client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        server.Client.DefaultRequestHeaders.Add("X-Forwarded-Host", "evil.example");

        var sessions = await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/sessions", await server.SetUpAsync());

        Assert.Equal(address, sessions.EnumerateArray().Single().GetProperty("address").GetString());
    }

    [Fact]
    public async Task A_printed_link_starts_with_the_public_address_whatever_the_request_says()
    {
        await using var server = await TestServer.StartAsync(settings: "--PublicUrl=https://vault.example.com/");
        var token = await server.SetUpAsync();

        var answer = await RawHttp.SendAsync(
            server.Url, "/proxy/anthropic/v1/models", Cancel, $"x-api-key: {token}", "X-Forwarded-Host: evil.example");

        Assert.Contains("https://vault.example.com/me/proxy", answer.Text);
        Assert.DoesNotContain("evil.example", answer.Text);
    }
}
