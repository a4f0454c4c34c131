using System.Net;

namespace TraceVault.Tests.Gateway;

/// <summary>A server in a process of its own, because the tests that use it set environment variables.</summary>
internal sealed class ConfiguredServer : RunningServer
{
    private ConfiguredServer(Uri url, ServerProcess process)
        : base(url) => Process = process;

    public ServerProcess Process { get; }

    public static async Task<ConfiguredServer> StartAsync(
        TestDatabase database, Uri upstream, params (string Name, string Value)[] environment)
    {
        var process = ServerProcess.Start(
            environment.ToDictionary(each => each.Name, each => each.Value), TestServer.Arguments(database, upstream));
        try
        {
            return new(await process.UrlAsync(Patience.Cancel), process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a request and asserts that it fails for this reason, and that the operator is told why.</summary>
    public async Task AssertUnreachableAsync(string reason, string says)
    {
        using var answer = await Client.SendAsync(ProxyRequest(await SetUpWithKeyAsync(), "/v1/models"), Patience.Cancel);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains(says, await Process.RestOfLineAsync(" cannot be reached: ", Patience.Cancel));
        Assert.Contains($"reason={reason}", await Process.RestOfLineAsync(" upstream_unreachable ", Patience.Cancel));
        Assert.Contains((await Client.GetStringAsync("/metrics", Patience.Cancel)).Split('\n'), line =>
            line.StartsWith("tracevault_proxy_upstream_connect_failures_total{")
            && line.Contains($"reason=\"{reason}\"") && line.Split(' ')[1] == "1");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Process.DisposeAsync();
    }
}
