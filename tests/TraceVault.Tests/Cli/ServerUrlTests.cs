using TraceVault.Cli;

namespace TraceVault.Tests.Cli;

public class ServerUrlTests
{
    [Theory]
    [InlineData("https://vault.example.com", "https://vault.example.com")]
    [InlineData("https://vault.example.com/", "https://vault.example.com")]
    [InlineData(" https://Vault.Example.com:443/ ", "https://vault.example.com")]
    [InlineData("https://vault.example.com:8443/proxy/anthropic", "https://vault.example.com:8443")]
    [InlineData("https://vault.example.com/me/proxy/?tab=1#top", "https://vault.example.com")]
    [InlineData("http://127.0.0.1:3000/", "http://127.0.0.1:3000")]
    [InlineData("http://127.9.9.9", "http://127.9.9.9")]
    [InlineData("http://[::1]:3000", "http://[::1]:3000")]
    [InlineData("http://LOCALHOST:3000", "http://localhost:3000")]
    [InlineData("https://vault.example.com/me", "https://vault.example.com")]
    public void Takes_the_origin_of_an_address(string text, string origin)
    {
        Assert.True(ServerUrl.TryParse(text, allowHttp: false, out var url, out _));
        Assert.Equal(origin, url.Origin);
        Assert.Equal(origin + "/proxy/anthropic", url.ProxyBase);
    }

    [Theory]
    [InlineData("http://vault.example.com", "--allow-http")]
    [InlineData("http://10.0.0.7:3000", "--allow-http")]
    [InlineData("http://localhost.example.com", "--allow-http")]
    [InlineData("https://example.com/mercury", "https://example.com.")]
    [InlineData("vault.example.com", "scheme")]
    [InlineData("localhost:3000", "scheme")]
    [InlineData("ftp://vault.example.com", "scheme")]
    [InlineData("", "scheme")]
    [InlineData("https://ada:pw@vault.example.com", "password")]
    [InlineData("https://example.com/vault", "https://example.com.")]
    [InlineData("https://example.com/metrics", "https://example.com.")]
    public void Refuses_what_is_unsafe_or_incomplete(string text, string hint)
    {
        Assert.False(ServerUrl.TryParse(text, allowHttp: false, out _, out var problem));
        Assert.Contains(hint, problem);
    }

    [Fact]
    public void Takes_plain_http_elsewhere_only_when_told_to() =>
        Assert.True(ServerUrl.TryParse("http://10.0.0.7:3000", allowHttp: true, out _, out _));

    [Fact]
    public async Task The_command_refuses_plain_http_before_it_asks_for_anything()
    {
        using var machine = new CliMachine();
        var run = await machine.RunAsync("login --server http://10.0.0.7 --email ada@example.com");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--allow-http", run.Error);
    }
}
