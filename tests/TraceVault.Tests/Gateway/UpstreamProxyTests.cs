using System.Net;
using TraceVault.Gateway;
using TraceVault.Settings;

namespace TraceVault.Tests.Gateway;

/// <summary>The proxies of companies, as curl and Go read the variables that name them.</summary>
public sealed class UpstreamProxyTests
{
    [Theory]
    [InlineData("", "proxy.test:3128")]
    [InlineData("*", null)]
    [InlineData("other.test, *", null)]
    [InlineData("upstream.test", null)]
    [InlineData("UPSTREAM.test.", null)]
    [InlineData("api.upstream.test", null)]
    [InlineData(".upstream.test", null)]
    [InlineData("*.upstream.test", null)]
    [InlineData("upstream.test:443", null)]
    [InlineData("upstream.test:8443", "proxy.test:3128")]
    [InlineData("one.test two.test\tupstream.test", null)]
    [InlineData("stream.test", "proxy.test:3128")]
    [InlineData("api.upstream.test.example.com", "proxy.test:3128")]
    [InlineData("10.0.0.0/8,::/0,0.0.0.0/0", "proxy.test:3128")]
    [InlineData(",,.,*.,:443,/8,[]", "proxy.test:3128")]
    public void A_name_is_reached_directly_where_NO_PROXY_says_so(string noProxy, string? proxy) =>
        Assert.Equal(proxy, Of("https://api.upstream.test", ("HTTPS_PROXY", "http://proxy.test:3128"), ("NO_PROXY", noProxy)));

    [Theory]
    [InlineData("https://10.1.2.3", "10.1.2.3", null)]
    [InlineData("https://10.1.2.3", "10.1.2.3:443", null)]
    [InlineData("https://10.1.2.3", "10.1.2.3:80", "proxy.test:3128")]
    [InlineData("https://10.1.2.3", "10.0.0.0/8", null)]
    [InlineData("https://10.1.2.3", "10.9.9.9/8", null)]
    [InlineData("https://10.1.2.3", "10.1.2.0/31", "proxy.test:3128")]
    [InlineData("https://10.1.2.3", "10.1.2.3/33", "proxy.test:3128")]
    [InlineData("https://10.1.2.3", "1.2.3", "proxy.test:3128")]
    [InlineData("https://[2001:db8::7]:8443", "2001:db8::7", null)]
    [InlineData("https://[2001:db8::7]:8443", "[2001:db8::7]", null)]
    [InlineData("https://[2001:db8::7]:8443", "[2001:db8::7]:8443", null)]
    [InlineData("https://[2001:db8::7]:8443", "[2001:db8::7]:443", "proxy.test:3128")]
    [InlineData("https://[2001:db8::7]:8443", "2001:db8::/32", null)]
    [InlineData("https://[2001:db8::7]:8443", "10.0.0.0/8", "proxy.test:3128")]
    public void An_address_may_be_given_as_a_network_too(string upstream, string noProxy, string? proxy) =>
        Assert.Equal(proxy, Of(upstream, ("https_proxy", "http://proxy.test:3128"), ("no_proxy", noProxy)));

    [Fact]
    public void Small_letters_come_before_capitals_and_one_for_https_before_one_for_all()
    {
        Assert.Equal("one.test:3128", Of(
            "https://upstream.test",
            ("https_proxy", "one.test:3128"),
            ("HTTPS_PROXY", "http://two.test:3128"),
            ("ALL_PROXY", "http://three.test:3128")));
        Assert.Equal("two.test:3128", Of(
            "https://upstream.test",
            ("https_proxy", ""),
            ("HTTPS_PROXY", "http://two.test:3128"),
            ("all_proxy", "http://three.test:3128")));
        Assert.Equal(
            "three.test:1080", Of("https://upstream.test", ("ALL_PROXY", "socks5://three.test:1080"), ("HTTP_PROXY", "http://four.test")));
        Assert.Null(Of(
            "https://upstream.test", ("HTTPS_PROXY", "http://two.test:3128"), ("no_proxy", "upstream.test"), ("NO_PROXY", "other.test")));
    }

    [Theory]
    [InlineData("https://localhost:8443")]
    [InlineData("https://127.0.0.1")]
    [InlineData("https://[::1]")]
    [InlineData("http://localhost:8080")]
    public void This_machine_is_never_reached_through_a_proxy(string upstream) =>
        Assert.Null(Of(upstream, ("HTTPS_PROXY", "http://proxy.test:3128"), ("HTTP_PROXY", "http://proxy.test:3128")));

    [Theory]
    [InlineData("proxy.test:3128", "http://proxy.test:3128/")]
    [InlineData("https://proxy.test", "https://proxy.test/")]
    [InlineData("socks5h://proxy.test:1080", "socks5://proxy.test:1080/")]
    [InlineData("socks://proxy.test:1080/", "socks5://proxy.test:1080/")]
    public void A_proxy_is_spelled_as_curl_and_desktops_do(string value, string address) =>
        Assert.Equal(
            address,
            ((WebProxy)UpstreamProxy.Of(new("https://upstream.test"), name => name == "all_proxy" ? value : null)!).Address!.AbsoluteUri);

    [Fact]
    public void A_proxy_may_ask_for_a_name_and_password()
    {
        var proxy = UpstreamProxy.Of(
            new("https://upstream.test"), name => name == "HTTPS_PROXY" ? "http://me:p%40ss%3Aword@proxy.test:3128" : null)!;

        var credential = proxy.Credentials!.GetCredential(new("http://proxy.test:3128"), "Basic")!;
        Assert.Equal(("me", "p@ss:word"), (credential.UserName, credential.Password));
    }

    [Theory]
    [InlineData("ftp://proxy.test:3128")]
    [InlineData("http://user:hunter2@:3128")]
    [InlineData("socks5://proxy.test")]
    [InlineData("http://user:hunter2@proxy.test:port")]
    public void What_is_no_proxy_stops_the_start_without_being_shown(string value)
    {
        var problem = Assert.Throws<StartupException>(() => Of("https://upstream.test", ("HTTPS_PROXY", value)));

        Assert.StartsWith("HTTPS_PROXY is invalid", problem.Message);
        Assert.DoesNotContain("hunter2", problem.Message);
    }

    /// <returns>Host and port of the proxy; null for a direct connection.</returns>
    private static string? Of(string upstream, params (string Name, string Value)[] variables)
    {
        var proxy = UpstreamProxy.Of(new(upstream), name => Array.Find(variables, each => each.Name == name).Value);
        return proxy is null || proxy == HttpClient.DefaultProxy ? null : ((WebProxy)proxy).Address!.Authority;
    }
}
