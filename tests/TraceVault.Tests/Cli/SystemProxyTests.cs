using System.Net;
using System.Net.Sockets;
using TraceVault.Tests.Clients;

namespace TraceVault.Tests.Cli;

/// <summary>HTTP_PROXY and its kind, as the built program reads them from a real environment.</summary>
public sealed class SystemProxyTests : IDisposable
{
    private readonly CliProcess _machine = new();
    private readonly TcpListener _proxy = new(IPAddress.Loopback, 0);

    public SystemProxyTests() => _proxy.Start();

    public void Dispose()
    {
        _proxy.Dispose();
        _machine.Dispose();
    }

    [Fact]
    public async Task Https_goes_through_a_tunnel_and_the_token_inside_of_it()
    {
        var run = AskAsync("https://vault.invalid", "");
        using var caller = await _proxy.AcceptTcpClientAsync(Patience.Cancel);
        using var head = new StreamReader(caller.GetStream());
        Assert.Equal("CONNECT vault.invalid:443 HTTP/1.1", await head.ReadLineAsync(Patience.Cancel));
        for (string? line; (line = await head.ReadLineAsync(Patience.Cancel)) is { Length: > 0 };)
        {
            Assert.DoesNotContain(CliMachine.Token, line);
        }

        caller.Close();
        Assert.Equal(1, (await run).ExitCode);
    }

    [Theory]
    [InlineData("https://vault.invalid", "*")]
    [InlineData("https://vault.invalid", "other.example, *")]
    [InlineData("https://vault.invalid", "vault.invalid")]
    [InlineData("http://vault.invalid", "")]
    [InlineData("http://127.0.0.1:1", "")]
    [InlineData("https://localhost:1", "")]
    public async Task Otherwise_nothing_goes_through_the_proxy(string server, string noProxy)
    {
        var run = await AskAsync(server, noProxy);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("Can't reach", run.Errors);
        Assert.False(_proxy.Pending());
    }

    [Theory]
    [InlineData("http://vault.invalid", "vault.invalid")]
    [InlineData("http://127.0.0.1:3000", "127.0.0.1")]
    [InlineData("https://vault.invalid", "")]
    public async Task What_is_started_by_env_or_run_keeps_a_token_in_clear_out_of_it_too(string server, string expected)
    {
        Prepare(server, "");
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal(
            expected, await _machine.OutputAsync("", cancel, "proxy", "run", "--allow-http", "--", "sh", "-c", "printf %s \"$NO_PROXY\""));
        string[] shell =
        [
            "sh",
            "-c",
            """eval "$("$1" proxy env --allow-http)" && printf '%s %s' "$NO_PROXY" "$no_proxy" """,
            "sh",
            CliProcess.Executable
        ];
        var evaluated = await ClientProcess.RunAsync(shell, _machine.ConfigFolder, _machine.Environment, cancel);
        Assert.Equal($"{expected} {expected}", evaluated.Output);
    }

    private Task<ClientRun> AskAsync(string server, string noProxy)
    {
        Prepare(server, noProxy);
        return _machine.RunAsync("", TestContext.Current.CancellationToken, "status", "--allow-http");
    }

    private void Prepare(string server, string noProxy)
    {
        foreach (var name in (string[])["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
        {
            _machine.Environment[name] = $"http://{_proxy.LocalEndpoint}";
        }

        _machine.Environment["NO_PROXY"] = noProxy;
        (_machine.Environment["TRACEVAULT_SERVER_URL"], _machine.Environment["TRACEVAULT_TOKEN"]) = (server, CliMachine.Token);
    }
}
