using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Accounts;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

/// <summary>Every error of the gateway's own, and the errors of the upstream, over real sockets.</summary>
public class ErrorTableTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task No_token()
    {
        await using var rig = await ProxyRig.StartAsync();
        await AssertAsync(
            await RawAsync(rig), 401, "authentication_error", "missing_token", shouldRetry: "false", says: "tracevault login");
        await AssertAsync(
            await RawAsync(rig, $"Cookie: tv_session={rig.Token}"), 401, "authentication_error", "missing_token", shouldRetry: "false");
        Assert.Equal(0, rig.Upstream.TotalConnections);
    }

    [Fact]
    public async Task Unknown_malformed_and_ended_tokens()
    {
        await using var rig = await ProxyRig.StartAsync();
        var ended = await rig.Server.LogInAsync();
        using var loggedOut = await rig.Server.ApiAsync(HttpMethod.Post, "/api/v1/auth/logout", ended);
        foreach (var token in (string[])[
            AccessToken.Create(TokenKind.Session).Reveal(),
            "tvs_nonsense",
            "sk-ant-api03-a-real-looking-key-0123456789",
            ended])
        {
            await AssertAsync(
                await RawAsync(rig, $"x-api-key: {token}"),
                401,
                "authentication_error",
                "invalid_token",
                shouldRetry: "false",
                says: "tracevault login");
        }

        Assert.Equal(0, rig.Upstream.TotalConnections);
    }

    [Fact]
    public async Task An_expired_token_names_the_expiry()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(clock: clock);
        clock.Advance(TimeSpan.FromDays(30));
        for (var i = 0; i < 2; i++)
        {
            await AssertAsync(
                await RawAsync(rig, $"x-api-key: {rig.Token}"),
                401,
                "authentication_error",
                "expired_token",
                shouldRetry: "false",
                says: "2026-01-31T00:00:00Z");
        }
    }

    [Fact]
    public async Task A_warm_session_expires_too()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(clock: clock);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        for (var day = 0; day < 89; day++)
        {
            clock.Advance(TimeSpan.FromDays(1));
            Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        }

        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal("expired_token", (await rig.CallAsync(cancel: Cancel)).Code);
    }

    [Fact]
    public async Task Two_different_tokens()
    {
        await using var rig = await ProxyRig.StartAsync();
        foreach (var headers in (string[][])[
            [$"x-api-key: {rig.Token}", "Authorization: Bearer other"],
            [$"x-api-key: {rig.Token}", "x-api-key: other"],
            [$"Authorization: Bearer {rig.Token}", "Authorization: Bearer other"]])
        {
            await AssertAsync(await RawAsync(rig, headers), 401, "authentication_error", "conflicting_tokens", shouldRetry: "false");
        }
    }

    [Fact]
    public async Task No_key_stored()
    {
        await using var rig = await ProxyRig.StartAsync();
        using var removed = await rig.Server.ApiAsync(HttpMethod.Delete, "/api/v1/me/anthropic-key", rig.Token);
        await AssertAsync(
            await RawAsync(rig, $"x-api-key: {rig.Token}"),
            403,
            "permission_error",
            "no_key",
            shouldRetry: "false",
            says: new Uri(rig.Server.Url, "/me/proxy").AbsoluteUri);
    }

    [Fact]
    public async Task A_stored_key_that_does_not_open()
    {
        await using var rig = await ProxyRig.StartAsync();
        await using (var connection = await rig.Database.OpenAsync())
        {
            await connection.ExecuteAsync("update provider_keys set key_id = 'gone'");
        }

        await AssertAsync(await RawAsync(rig, $"x-api-key: {rig.Token}"), 500, "api_error", "key_unreadable", shouldRetry: "false");
        Assert.Equal(0, rig.Upstream.TotalConnections);
        using var ready = await rig.Server.Client.GetAsync("/readyz", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode); // although the key opened at the start
    }

    /// <summary>A failure that nobody foresaw is answered, too; here a table is gone.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_mistake_of_the_servers(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        await using (var connection = await rig.Database.OpenAsync())
        {
            await connection.ExecuteAsync("alter table auth_sessions rename to elsewhere");
        }

        var answer = await RawAsync(rig, $"x-api-key: {rig.Token}");

        await AssertAsync(answer, 500, "api_error", "internal_error");
        Assert.DoesNotContain("auth_sessions", answer.Text);
        var request = answer.Header("x-tracevault-request-id");
        await rig.Server.Log.WaitForAsync($"{request} failed because of a mistake in the server", Cancel);
        await rig.Server.Log.WaitForAsync("internal_error status=500", Cancel);
    }

    [Fact]
    public async Task More_requests_at_once_than_the_cap()
    {
        await using var rig = await ProxyRig.StartAsync(maxConcurrent: 2);
        var gate = new TaskCompletionSource();
        for (var i = 0; i < 2; i++)
        {
            rig.Upstream.EnqueueFault(Fault.Reply(24), Fault.Silence(3, gate.Task));
        }

        using var first = await rig.SendAsync(ProxyRig.Message(stream: true), cancel: Cancel);
        using var second = await rig.SendAsync(ProxyRig.Message(stream: true), cancel: Cancel);
        await AssertAsync(await RawAsync(rig, $"x-api-key: {rig.Token}"), 429, "rate_limit_error", "too_many_requests", retryAfter: "1");

        // The place is free after the last byte, not before.
        gate.SetResult();
        await first.Content.ReadAsByteArrayAsync(Cancel);
        await second.Content.ReadAsByteArrayAsync(Cancel);
        await rig.Server.Log.WaitForAsync(first.Headers.GetValues("x-tracevault-request-id").Single(), Cancel);
        await rig.Server.Log.WaitForAsync(second.Headers.GetValues("x-tracevault-request-id").Single(), Cancel);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
    }

    [Fact]
    public async Task The_upstream_refuses_the_connection()
    {
        await using var server = await TestServer.StartAsync(upstream: new Uri($"http://127.0.0.1:{FreePort()}"));
        var token = await server.SetUpWithKeyAsync();
        await AssertAsync(await RawAsync(server, $"x-api-key: {token}"), 502, "api_error", "upstream_unreachable");
    }

    [Fact]
    public async Task The_upstream_does_not_resolve()
    {
        await using var server = await TestServer.StartAsync(upstream: new Uri("https://api.anthropic.invalid"));
        var token = await server.SetUpWithKeyAsync();
        await AssertAsync(await RawAsync(server, $"x-api-key: {token}"), 502, "api_error", "upstream_unreachable");
    }

    [Fact]
    public async Task The_upstreams_certificate_is_not_trusted()
    {
        using var certificate = TestCertificate.Create();
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { Certificate = certificate }, Cancel);
        await using var server = await TestServer.StartAsync(upstream: upstream.Url);
        var token = await server.SetUpWithKeyAsync();
        await AssertAsync(await RawAsync(server, $"x-api-key: {token}"), 502, "api_error", "upstream_unreachable");
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task The_upstream_resets_before_its_headers()
    {
        await using var rig = await ProxyRig.StartAsync();
        rig.Upstream.EnqueueFault(Fault.Reset());
        var (_, _, answer) = await rig.CallAsync(cancel: Cancel);
        await AssertAsync(answer, 502, "api_error", "upstream_unreachable");
    }

    [Fact]
    public async Task The_upstream_sends_no_headers_in_time()
    {
        await using var rig = await ProxyRig.StartAsync(settings: "--Proxy:UpstreamTimeout=00:00:01");
        rig.Upstream.EnqueueFault(Fault.Delay(Task.Delay(Timeout.InfiniteTimeSpan, Cancel)));
        var (_, _, answer) = await rig.CallAsync(cancel: Cancel);
        await AssertAsync(answer, 504, "timeout_error", "upstream_timeout");
    }

    [Fact]
    public async Task A_draining_server_turns_new_requests_away_and_finishes_the_old()
    {
        await using var rig = await ProxyRig.StartAsync();
        var gate = new TaskCompletionSource();
        rig.Upstream.EnqueueFault(Fault.Reply(24), Fault.Silence(3, gate.Task));
        using var idle = await RawHttp.ConnectAsync(rig.Server.Url);
        await idle.WriteAsync(
            $"GET /proxy/anthropic/v1/models HTTP/1.1\r\nHost: {rig.Server.Url.Authority}\r\n",
            Cancel); // a half-sent head keeps the connection open
        using var running = await rig.SendAsync(ProxyRig.Message(stream: true), cancel: Cancel);

        var stopping = rig.Server.StopAsync();
        await rig.Server.Log.WaitForAsync("Application is shutting down", Cancel);
        await idle.WriteAsync($"x-api-key: {rig.Token}\r\n\r\n", Cancel);
        var refused = await idle.ReadAsync(Cancel);
        gate.SetResult();

        Assert.Equal(503, refused.Status);
        Assert.Equal("unavailable", refused.Header("x-tracevault-error"));
        Assert.Equal("2", refused.Header("retry-after"));
        Assert.Equal(SseScript.Bytes(24, model: "claude-sonnet-4-5"), await running.Content.ReadAsByteArrayAsync(Cancel));
        await stopping;
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(529)]
    public async Task An_error_of_the_upstreams_comes_back_untouched(int status)
    {
        await using var rig = await ProxyRig.StartAsync();
        rig.Upstream.EnqueueFault(Fault.Status(status, retryAfter: 7));
        await using var direct = await FakeAnthropicServer.StartAsync(cancel: Cancel);
        direct.EnqueueFault(Fault.Status(status, retryAfter: 7));

        var (_, code, answer) = await rig.CallAsync(cancel: Cancel);
        using var same = new HttpRequestMessage(HttpMethod.Post, new Uri(direct.Url, "/v1/messages")) { Content = ProxyRig.Message() };
        same.Headers.Add("anthropic-version", "2023-06-01");
        same.Headers.Add("x-api-key", TestServer.AnthropicKey);
        using var expected = await rig.Client.SendAsync(same, Cancel);

        Assert.Null(code);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(await expected.Content.ReadAsStringAsync(Cancel), await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("7", answer.Headers.GetValues("retry-after").Single());
        Assert.Equal(expected.Headers.GetValues("request-id"), answer.Headers.GetValues("request-id"));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task An_early_refusal_by_the_upstream_reaches_the_client(string version)
    {
        await using var rig = await ProxyRig.StartAsync(
            new() { Http2 = version == "2" }, settings: $"--Proxy:UpstreamHttpVersion={version}");
        rig.Upstream.EnqueueFault(Fault.Early(413));
        var (status, code, answer) = await rig.CallAsync(new ByteArrayContent(new byte[8 << 20]), cancel: Cancel);
        Assert.Null(code);
        Assert.Equal(413, (int)status);
        Assert.Contains("request_too_large", await answer.Content.ReadAsStringAsync(Cancel));
    }

    internal static async Task AssertAsync(
        HttpResponseMessage answer,
        int status,
        string type,
        string code,
        string? shouldRetry = null,
        string? retryAfter = null,
        string? says = null)
    {
        string? Header(string name) => answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(code, Header("x-tracevault-error"));
        Assert.Equal(shouldRetry, Header("x-should-retry"));
        Assert.Equal(retryAfter, Header("retry-after"));
        var envelope = JsonDocument.Parse(body).RootElement;
        Assert.Equal("error", envelope.GetProperty("type").GetString());
        Assert.Equal(type, envelope.GetProperty("error").GetProperty("type").GetString());
        Assert.Equal(Header("x-tracevault-request-id"), envelope.GetProperty("request_id").GetString());
        Assert.Contains(says ?? "", envelope.GetProperty("error").GetProperty("message").GetString());
    }

    private static Task AssertAsync(
        RawAnswer answer, int status, string type, string code, string? shouldRetry = null, string? retryAfter = null, string? says = null)
    {
        var message = new HttpResponseMessage((HttpStatusCode)answer.Status)
        {
            Content = new StringContent(answer.Text.Split("\r\n\r\n", 2)[1])
        };
        message.Content.Headers.Remove("content-type");
        foreach (var line in answer.Head.Split("\r\n").Skip(1))
        {
            var (name, value) = (line.Split(':')[0], line[(line.IndexOf(':') + 1)..].Trim());
            (name.StartsWith("content-", StringComparison.OrdinalIgnoreCase)
                ? (System.Net.Http.Headers.HttpHeaders)message.Content.Headers
                : message.Headers).TryAddWithoutValidation(name, value);
        }

        return AssertAsync(message, status, type, code, shouldRetry, retryAfter, says);
    }

    private static Task<RawAnswer> RawAsync(ProxyRig rig, params string[] headers) => RawAsync(rig.Server, headers);

    private static Task<RawAnswer> RawAsync(TestServer server, params string[] headers) =>
        RawHttp.SendAsync(server.Url, "/proxy/anthropic/v1/models", Cancel, headers);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
