using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

public class HeaderTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task Only_what_is_on_the_list_reaches_the_upstream_with_the_users_key()
    {
        await using var rig = await ProxyRig.StartAsync();

        var answer = await RawHttp.SendAsync(
            rig.Server.Url, "/proxy/anthropic/v1/models", Cancel,
            $"x-api-key: {rig.Token}", $"Authorization: Bearer {rig.Token}", "Cookie: tv_session=1", "X-Forwarded-For: 1.2.3.4",
            "X-Forwarded-Proto: https", "X-Forwarded-Host: evil", "x_forwarded_for: 1.2.3.4", "Forwarded: for=1.2.3.4", "Via: 1.1 other",
            "X-Real-IP: 1.2.3.4", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=b", "baggage: a=b",
            "Request-Id: |abc", "accept-encoding: gzip, br", "X-Stainless-Lang: js", "X-Claude-Code-Session-Id: s",
            "x-claude-code-agent-id: a", "anthropic_foo: underscore", "Proxy-Authorization: Basic x", "TE: trailers", "Upgrade: websocket",
            "Expect-CT: x", "Origin: http://evil", "Referer: http://evil", "anthropic-secret-hop: 1",
            "Connection: anthropic-secret-hop , keep-alive", "Accept: application/json", "User-Agent: claude-cli/2.1.330 (external, cli)",
            "anthropic-version: 2026-10-21", "anthropic-beta: unknown-2099-01-01,another", "anthropic-foo: \u00e9 value  with  spaces",
            "anthropic-dangerous-direct-browser-access: true");

        Assert.Equal(200, answer.Status);
        var arrived = await rig.Upstream.NextRequestAsync(Cancel);
        Assert.Equal(
            [
                "accept", "anthropic-beta", "anthropic-dangerous-direct-browser-access", "anthropic-foo", "anthropic-version", "host",
                "user-agent", "x-api-key"
            ],
            arrived.Headers.Select(header => header.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
        Assert.Equal(TestServer.AnthropicKey, Assert.Single(arrived.Header("x-api-key")));
        Assert.Equal(rig.Upstream.Url.Authority, Assert.Single(arrived.Header("host")));
        Assert.Equal("claude-cli/2.1.330 (external, cli)", Assert.Single(arrived.Header("user-agent")));
        Assert.Equal("unknown-2099-01-01,another", Assert.Single(arrived.Header("anthropic-beta")));
        Assert.Contains("anthropic-foo: \u00e9 value  with  spaces", System.Text.Encoding.Latin1.GetString(arrived.RawHead.Span));
        Assert.DoesNotContain(rig.Token, System.Text.Encoding.Latin1.GetString(arrived.RawHead.Span));
    }

    [Fact]
    public async Task Every_header_of_Anthropics_passes_whatever_its_length()
    {
        await using var rig = await ProxyRig.StartAsync();
        string[] names = [.. Enumerable.Range(1, 24).Select(length => "anthropic-" + new string('x', length))];
        rig.Upstream.Handler = context =>
        {
            foreach (var name in names)
            {
                context.Response.Headers[name] = "back";
            }

            return Task.CompletedTask;
        };

        var answer = await RawHttp.SendAsync(
            rig.Server.Url, "/proxy/anthropic/v1/models", Cancel, [$"x-api-key: {rig.Token}", .. names.Select(name => name + ": out")]);

        var arrived = await rig.Upstream.NextRequestAsync(Cancel);
        Assert.All(names, name => Assert.Equal("out", Assert.Single(arrived.Header(name))));
        Assert.All(names, name => Assert.Equal("back", answer.Header(name)));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task An_empty_body_keeps_its_length_and_its_type(string method)
    {
        await using var rig = await ProxyRig.StartAsync();
        using var raw = await RawHttp.ConnectAsync(rig.Server.Url);

        await raw.WriteAsync(
            $"{method} /proxy/anthropic/v1/files/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: {rig.Token}\r\n"
                + "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n",
            Cancel);
        await raw.ReadAsync(Cancel);

        var arrived = await rig.Upstream.NextRequestAsync(Cancel);
        Assert.Equal("application/json", Assert.Single(arrived.Header("content-type")));
        Assert.Equal("0", Assert.Single(arrived.Header("content-length")));
    }

    [Fact]
    public async Task A_repeated_header_keeps_its_values_in_order()
    {
        await using var rig = await ProxyRig.StartAsync();

        await RawHttp.SendAsync(
            rig.Server.Url,
            "/proxy/anthropic/v1/models",
            Cancel,
            $"x-api-key: {rig.Token}",
            "anthropic-beta: one",
            "anthropic-beta: two,three");

        var arrived = await rig.Upstream.NextRequestAsync(Cancel);
        Assert.Equal("one, two,three", string.Join(", ", arrived.Header("anthropic-beta")));
    }

    [Fact]
    public async Task Content_headers_travel_with_a_body()
    {
        await using var rig = await ProxyRig.StartAsync();
        using var raw = await RawHttp.ConnectAsync(rig.Server.Url);

        await raw.WriteAsync(
            $"POST /proxy/anthropic/v1/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: bearer {rig.Token}\r\n"
            + "Content-Type: application/json; charset=\"odd\"\r\n"
            + "Content-Language: en\r\nContent-Length: 2\r\n\r\n{}", Cancel);
        await raw.ReadAsync(Cancel);

        var arrived = await rig.Upstream.NextRequestAsync(Cancel);
        Assert.Equal("application/json; charset=\"odd\"", Assert.Single(arrived.Header("content-type")));
        Assert.Empty(arrived.Header("content-language"));
    }

    [Fact]
    public async Task Only_what_is_on_the_list_comes_back()
    {
        await using var rig = await ProxyRig.StartAsync();
        rig.Upstream.Handler = context =>
        {
            foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[
                ("content-type", "application/json"), ("cache-control", "no-cache"), ("retry-after", "7"), ("retry-after-ms", "7000"),
                ("x-should-retry", "true"), ("request-id", "req_1"), ("anthropic-ratelimit-requests-remaining", "3"),
                ("anthropic-unknown", "kept"), ("set-cookie", "__cf_bm=1"), ("server", "cloudflare"), ("cf-ray", "1"), ("via", "1.1 x"),
                ("location", "http://elsewhere"), ("strict-transport-security", "x"), ("x-tracevault-error", "forged"),
                ("x-tracevault-request-id", "forged"), ("alt-svc", "h3"), ("link", "x")])
            {
                context.Response.Headers[name] = value;
            }

            return Task.CompletedTask;
        };

        var answer = await RawHttp.SendAsync(rig.Server.Url, "/proxy/anthropic/v1/models", Cancel, $"x-api-key: {rig.Token}");

        Assert.Equal(
            [
                "anthropic-ratelimit-requests-remaining", "anthropic-unknown", "cache-control", "connection", "content-length",
                "content-type", "date", "request-id", "retry-after", "retry-after-ms", "x-should-retry", "x-tracevault-request-id"
            ],
            answer.Head.Split("\r\n").Skip(1).Select(line => line.Split(':')[0].ToLowerInvariant()).Order(StringComparer.Ordinal));
        Assert.True(Guid.TryParse(answer.Header("x-tracevault-request-id"), out _));
    }

    [Fact]
    public async Task Both_headers_with_one_token_are_fine_and_an_empty_one_does_not_count()
    {
        await using var rig = await ProxyRig.StartAsync();

        foreach (var headers in (string[][])[
            [$"x-api-key: {rig.Token}", $"Authorization: Bearer {rig.Token}"],
            [$"Authorization: Bearer {rig.Token}"],
            [$"X-Api-Key:{rig.Token}", "Authorization: Bearer "],
            [$"x-api-key: {rig.Token}", "Authorization: Basic abc"]])
        {
            Assert.Equal(200, (await RawHttp.SendAsync(rig.Server.Url, "/proxy/anthropic/v1/models", Cancel, headers)).Status);
        }
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_nobody_else_sees_the_key()
    {
        await using var rig = await ProxyRig.StartAsync();
        await using var elsewhere = await FakeAnthropicServer.StartAsync(cancel: Cancel);
        foreach (var status in (int[])[301, 302, 303, 307, 308])
        {
            rig.Upstream.EnqueueFault(Fault.Redirect(elsewhere.Url.AbsoluteUri, status));
            using var answer = await rig.SendAsync(new StringContent("{}"), cancel: Cancel);
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Null(answer.Headers.Location);
        }

        Assert.Equal(0, elsewhere.TotalConnections);
    }
}
