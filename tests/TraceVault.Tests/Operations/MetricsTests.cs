using TraceVault.FakeAnthropic;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Operations;

[Collection(nameof(Alone))]
public class MetricsTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task What_the_proxy_does_is_counted_without_a_word_on_whom_for()
    {
        await using var rig = await ProxyRig.StartAsync();
        await CountedAsync(rig);
        await CountedAsync(rig, Fault.Status(529));
        await CountedAsync(rig, Fault.Reset());
        await CountedAsync(rig, token: "nonsense");
        var gate = new TaskCompletionSource();
        rig.Upstream.EnqueueFault(Fault.Reply(24), Fault.Silence(3, gate.Task));
        using var stream = await rig.SendAsync(ProxyRig.Message(stream: true), cancel: Cancel);

        var metrics = await rig.Server.Client.GetStringAsync("/metrics", Cancel);
        gate.SetResult();

        AssertValue(metrics, "tracevault_proxy_requests_total", """error_origin="none",status_class="2xx""", "1");
        AssertValue(metrics, "tracevault_proxy_requests_total", """error_origin="upstream",status_class="5xx""", "1");
        AssertValue(metrics, "tracevault_proxy_requests_total", """error_origin="tracevault",status_class="5xx""", "1");
        AssertValue(metrics, "tracevault_proxy_requests_total", """error_origin="tracevault",status_class="4xx""", "1");
        AssertValue(metrics, "tracevault_proxy_active_streams", "", "1");
        AssertValue(metrics, "tracevault_proxy_active_requests", "", "1");
        Assert.Contains("tracevault_proxy_duration_seconds_bucket", metrics);
        Assert.Contains("tracevault_proxy_time_to_first_byte_seconds_bucket", metrics);
        Assert.Contains("tracevault_proxy_request_bytes_total", metrics);
        Assert.Contains("tracevault_proxy_response_bytes_total", metrics);
        Assert.DoesNotContain(
            (await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", rig.Token)).GetProperty("id").GetString()!, metrics);
        Assert.DoesNotContain("/v1/messages", metrics);
    }

    [Fact]
    public async Task A_connection_that_fails_is_counted_by_its_reason()
    {
        await using var server = await TestServer.StartAsync();
        using var request = server.ProxyRequest(await server.SetUpWithKeyAsync(), "/v1/models");
        using var answer = await server.Client.SendAsync(request, Cancel);
        await LoggedAsync(server, answer);

        AssertValue(
            await server.Client.GetStringAsync("/metrics", Cancel),
            "tracevault_proxy_upstream_connect_failures_total",
            """reason="refused""",
            "1");
    }

    [Theory]
    [InlineData("X-Forwarded-For: 203.0.113.9", 401)]
    [InlineData("Forwarded: for=203.0.113.9", 401)]
    [InlineData("X-Real-IP: 203.0.113.9", 401)]
    [InlineData("Accept: text/plain", 200)]
    public async Task A_request_through_a_reverse_proxy_on_this_machine_is_not_from_this_machine(string header, int status)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(status, (await RawHttp.SendAsync(server.Url, "/metrics", Cancel, header)).Status);
    }

    /// <summary>A bare <c>proxy_pass</c> of nginx adds nothing, and asks for its own upstream by HTTP/1.0.</summary>
    [Theory]
    [InlineData("http://127.0.0.1:3000", "HTTP/1.1", null, 200)]
    [InlineData("http://localhost:3000", "HTTP/1.1", "localhost", 200)]
    [InlineData("http://[::1]:3000", "HTTP/1.1", "[::1]:3000", 200)]
    [InlineData("https://vault.example.com", "HTTP/1.1", null, 401)]
    [InlineData("https://vault.example.com", "HTTP/1.1", "vault.example.com", 401)]
    [InlineData("http://127.0.0.1:3000", "HTTP/1.1", "rebound.example:3000", 401)]
    [InlineData("http://127.0.0.1:3000", "HTTP/1.1", "127.0.0.1.example.com", 401)]
    [InlineData("http://127.0.0.1:3000", "HTTP/1.0", null, 401)]
    public async Task Metrics_are_open_on_this_machine_while_people_use_the_server_there_alone(
        string publicUrl, string version, string? host, int status)
    {
        await using var server = await TestServer.StartAsync(
            settings: [$"--PublicUrl={publicUrl}", "--MetricsToken=a-token-for-the-scraper"]);
        foreach (var (header, expected) in new[] { ("", status), ("Authorization: Bearer a-token-for-the-scraper\r\n", 200) })
        {
            using var raw = await RawHttp.ConnectAsync(server.Url);
            await raw.WriteAsync(
                $"GET /metrics {version}\r\nHost: {host ?? server.Url.Authority}\r\nConnection: close\r\n{header}\r\n", Cancel);
            Assert.Equal(expected, (await raw.ReadAsync(Cancel)).Status);
        }
    }

    [Fact]
    public async Task A_scraper_shows_the_metrics_token()
    {
        await using var server = await TestServer.StartAsync(settings: "--MetricsToken=a-token-for-the-scraper");
        Assert.Equal(200, (await RawHttp.SendAsync(
            server.Url, "/metrics", Cancel, "Via: 1.1 x", "Authorization: Bearer a-token-for-the-scraper")).Status);
        Assert.Equal(401, (await RawHttp.SendAsync(
            server.Url, "/metrics", Cancel, "Via: 1.1 x", "Authorization: Bearer another-token-of-that-length")).Status);
    }

    [Fact]
    public async Task Variables_that_are_meant_for_other_programs_change_nothing()
    {
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite");
        await using var server = ServerProcess.Start(
            new Dictionary<string, string> { ["TRACEVAULT_DATA_DIR"] = database.DataDirectory, ["OTEL_SDK_DISABLED"] = "true" });
        using var client = new HttpClient { BaseAddress = await server.UrlAsync(Cancel) };
        Assert.Contains("tracevault_proxy_request_bytes_total", await client.GetStringAsync("/metrics", Cancel));
    }

    /// <summary>
    /// Makes a call and waits for its line in the log: it is counted after its last byte, so the client may know of its end first.
    /// </summary>
    private static async Task CountedAsync(ProxyRig rig, Fault? fault = null, string? token = null)
    {
        if (fault is not null)
        {
            rig.Upstream.EnqueueFault(fault);
        }

        using var answer = (await rig.CallAsync(token: token, cancel: Cancel)).Answer;
        await LoggedAsync(rig.Server, answer);
    }

    private static Task<string> LoggedAsync(TestServer server, HttpResponseMessage answer) =>
        server.Log.WaitForAsync("Information TraceVault.Proxy " + answer.Headers.GetValues("x-tracevault-request-id").Single(), Cancel);

    private static void AssertValue(string metrics, string name, string labels, string value) =>
        Assert.Contains(
            metrics.Split('\n'),
            line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(labels) && line.Split(' ')[1] == value);
}
