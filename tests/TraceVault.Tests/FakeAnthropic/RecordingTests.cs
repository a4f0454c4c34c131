using System.Net;
using System.Security.Cryptography;
using System.Text;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.FakeAnthropic;

public class RecordingTests
{
    [Fact]
    public async Task Keeps_header_names_order_repetition_and_target_as_they_were_sent()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        await using var connection = await fake.ConnectAsync();
        const string head = "GET /v1/models?b=%7e&a=1 HTTP/1.1\r\nhost: x\r\nX-API-key: one\r\naccept:  text/plain \r\n"
            + "ANTHROPIC-beta: b\r\naccept: */*\r\n\r\n";
        await connection.WriteAsync(head);

        var request = await fake.NextRequestAsync(FakeCalls.Cancel);

        Assert.Equal("/v1/models?b=%7e&a=1", request.Target);
        Assert.Equal(["host", "X-API-key", "accept", "ANTHROPIC-beta", "accept"], request.Headers.Select(header => header.Name));
        Assert.Equal(["text/plain", "*/*"], request.Header("Accept"));
        Assert.Equal(head, Encoding.Latin1.GetString(request.RawHead.Span));
    }

    [Fact]
    public async Task Gives_each_request_of_one_connection_its_own_head_and_body()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        await using var connection = await fake.ConnectAsync();
        await connection.WriteAsync(
            "POST /v1/a HTTP/1.1\r\nHost: x\r\nFirst: 1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nb\r\n\r\n\r\nGET / \n\r\n" +
            "0\r\nTrailer: t\r\n\r\n" +
            "POST /v1/b HTTP/1.1\r\nHost: x\r\nsecond: 2\r\nContent-Length: 6\r\n\r\nGET /\n" +
            "GET /v1/c HTTP/1.1\r\nHost: x\r\nTHIRD: 3\r\n\r\n");

        var (first, second, third) = (
            await fake.NextRequestAsync(FakeCalls.Cancel),
            await fake.NextRequestAsync(FakeCalls.Cancel),
            await fake.NextRequestAsync(FakeCalls.Cancel));

        Assert.Equal(["/v1/a", "/v1/b", "/v1/c"], [first.Target, second.Target, third.Target]);
        Assert.Equal(["First", "second", "THIRD"], [first.Headers[1].Name, second.Headers[1].Name, third.Headers[1].Name]);
        Assert.Equal("hello\r\n\r\nGET / \n", Encoding.UTF8.GetString(first.Body.Span));
        Assert.Equal([5, 11, 0], first.Chunks);
        Assert.Equal("GET /\n", Encoding.UTF8.GetString(second.Body.Span));
        Assert.Single(fake.Requests.Select(request => request.ConnectionId).Distinct());
    }

    [Fact]
    public async Task Keeps_only_length_and_hash_of_a_body_over_the_limit()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new() { MaxRecordedBodyBytes = 1000 }, FakeCalls.Cancel);
        var body = new byte[1001];
        using var client = fake.Client();
        using var content = new ByteArrayContent(body);
        using var response = await client.PostAsync("v1/messages", content, FakeCalls.Cancel);

        var request = await fake.NextRequestAsync(FakeCalls.Cancel);

        Assert.True(request.Body.IsEmpty);
        Assert.Equal(1001, request.BodyLength);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(body)), request.BodySha256);
    }

    [Fact]
    public async Task Forgets_the_oldest_request_and_records_none_when_told_so()
    {
        await using var two = await FakeAnthropicServer.StartAsync(new() { MaxRecordedRequests = 2 }, FakeCalls.Cancel);
        await using var none = await FakeAnthropicServer.StartAsync(new() { Record = false }, FakeCalls.Cancel);
        foreach (var path in new[] { "1", "2", "3" })
        {
            using var client = two.Client();
            using var one = await client.GetAsync(path, FakeCalls.Cancel);
            using var other = await client.GetAsync(new Uri(none.Url, path), FakeCalls.Cancel);
        }

        Assert.Equal(["/2", "/3"], two.Requests.Select(request => request.Target));
        Assert.Empty(none.Requests);
    }

    [Fact]
    public async Task Tells_when_connections_open_and_close()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        var first = await fake.ConnectAsync();
        await using var second = await fake.ConnectAsync();
        await fake.WaitForConnectionsAsync(2, FakeCalls.Cancel);
        await first.DisposeAsync();
        await fake.WaitForConnectionsAsync(1, FakeCalls.Cancel);

        Assert.Equal(1, fake.OpenConnections);
        Assert.Equal(2, fake.TotalConnections);
    }

    [Fact]
    public async Task Speaks_http2_in_clear_to_clients_that_know_beforehand()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new() { Http2 = true }, FakeCalls.Cancel);
        using var client = fake.Client();
        (client.DefaultRequestVersion, client.DefaultVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);

        Assert.Contains("claude", await client.GetStringAsync("v1/models", FakeCalls.Cancel));
        Assert.Equal("HTTP/2", (await fake.NextRequestAsync(FakeCalls.Cancel)).Protocol);
    }
}
