using System.Net;
using System.Net.Sockets;

namespace TraceVault.Tests.Hosting;

/// <summary>What stands in the way of listening is told in one line.</summary>
public sealed class ListeningTests
{
    [Theory, InlineData, InlineData("--demo")]
    public async Task Names_the_address_that_another_program_uses(params string[] switches)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var url = $"http://{other.LocalEndpoint}";
        Assert.Equal(
            $"tracevault-server: Failed to bind to address {url}: address already in use. Stop the program that uses it, "
            + "or listen elsewhere: TRACEVAULT_URLS or --Urls=http://127.0.0.1:3001.",
            await FailAsync([.. switches, $"--Urls={url}"]));
    }

    [Fact]
    public async Task Https_without_a_certificate_names_the_setting() => Assert.StartsWith(
        "tracevault-server: An https address needs a certificate: set TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__PATH ", await FailAsync(["--Urls=https://127.0.0.1:0"]));

    /// <returns>The one line that is not of the log.</returns>
    private static async Task<string> FailAsync(string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("tracevault-test-");
        try
        {
            await using var server = ServerProcess.Start(new Dictionary<string, string> { ["TRACEVAULT_DATA_DIR"] = folder.FullName }, arguments);
            Assert.Equal(1, await server.ExitAsync(TestContext.Current.CancellationToken));
            Assert.DoesNotContain("Exception", server.Output);
            return Assert.Single(server.Output.Split('\n'), line => line.StartsWith("tracevault-server:", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
