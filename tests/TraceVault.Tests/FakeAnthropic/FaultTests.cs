using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.FakeAnthropic;

public class FaultTests
{
    [Theory]
    [InlineData(400, "invalid_request_error"),
        InlineData(401, "authentication_error"),
        InlineData(403, "permission_error"),
        InlineData(404, "not_found_error")]
    [InlineData(413, "request_too_large"),
        InlineData(429, "rate_limit_error"),
        InlineData(500, "api_error"),
        InlineData(529, "overloaded_error")]
    public async Task A_status_comes_with_its_documented_error(int status, string type)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync($"status;code={status};retry-after=7");
        var body = JsonNode.Parse((await response.ReadToEndAsync()).Bytes)!;

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(type, (string?)body["error"]!["type"]);
        Assert.Equal(response.Headers.GetValues("request-id").Single(), (string?)body["request_id"]);
        Assert.Equal(TimeSpan.FromSeconds(7), response.Headers.RetryAfter!.Delta);
        Assert.True(response.Headers.Contains("anthropic-ratelimit-requests-reset"));
        Assert.True(response.Headers.Contains("set-cookie"));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_cut_stream_breaks_in_the_middle_of_an_event(bool fin)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        fake.EnqueueFault(Fault.CutMidEvent(after: 4, fin), Fault.Reply(20));
        using var response = await fake.AskAsync();
        var (bytes, broken) = await response.ReadToEndAsync();

        var events = SseScript.Events(20, 1, "claude-test");
        Assert.NotNull(broken);
        Assert.Equal(SseScript.Bytes(20, 1, "claude-test")[..bytes.Length], bytes);
        Assert.Equal(events.Take(4).Sum(one => one.Bytes.Length) + (events[4].Bytes.Length / 2), bytes.Length);
    }

    [Fact]
    public async Task An_early_end_is_clean_but_lacks_message_stop()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync("end-early;after=5,reply;events=20");
        var (bytes, broken) = await response.ReadToEndAsync();

        Assert.Null(broken);
        Assert.Equal(SseScript.Events(20, 1, "claude-test").Take(5).Sum(one => one.Bytes.Length), bytes.Length);
    }

    [Theory, InlineData(0), InlineData(5)]
    public async Task An_error_event_ends_the_stream_cleanly(int after)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync($"error-event;after={after},reply;events=20");
        var (bytes, broken) = await response.ReadToEndAsync();

        Assert.Null(broken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            string.Concat(SseScript.Events(20, 1, "claude-test").Take(after).Select(one => Encoding.UTF8.GetString(one.Bytes.Span)))
            + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
            Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public async Task A_reset_leaves_no_answer()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);

        await Assert.ThrowsAsync<HttpRequestException>(() => fake.AskAsync("reset"));
    }

    [Fact]
    public async Task A_delay_holds_the_head_back_until_its_gate_opens()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        var gate = new TaskCompletionSource();
        fake.EnqueueFault(Fault.Delay(gate.Task));
        var asking = fake.AskAsync();
        await fake.NextRequestAsync(FakeCalls.Cancel);
        Assert.False(asking.IsCompleted);
        gate.SetResult();
        using var response = await asking;

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Slow_headers_stop_in_the_middle_of_the_head()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        var gate = new TaskCompletionSource();
        fake.EnqueueFault(Fault.SlowHeaders(gate.Task));
        await using var connection = await fake.ConnectAsync();
        await connection.WriteAsync("GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Api-Key: k\r\nConnection: close\r\n\r\n");
        var first = new byte[24];
        await connection.ReadExactlyAsync(first, FakeCalls.Cancel);
        var next = connection.ReadAsync(new byte[1], FakeCalls.Cancel).AsTask();
        Assert.False(next.IsCompleted);
        gate.SetResult();
        Assert.Equal(1, await next);
        using var rest = new StreamReader(connection);

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", Encoding.ASCII.GetString(first));
        Assert.EndsWith("}", await rest.ReadToEndAsync(FakeCalls.Cancel));
    }

    [Fact]
    public async Task A_silence_falls_between_two_events()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        var gate = new TaskCompletionSource();
        fake.EnqueueFault(Fault.Silence(after: 2, gate.Task), Fault.Reply(20));
        using var response = await fake.AskAsync();
        await using var body = await response.Content.ReadAsStreamAsync(FakeCalls.Cancel);
        var before = new byte[SseScript.Events(20, 1, "claude-test").Take(2).Sum(one => one.Bytes.Length)];
        await body.ReadExactlyAsync(before, FakeCalls.Cancel);
        var next = body.ReadAsync(new byte[1], FakeCalls.Cancel).AsTask();
        Assert.False(next.IsCompleted);
        gate.SetResult();

        Assert.Equal(1, await next);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Gzip_is_sent_unasked(bool stream)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync("gzip,reply;events=30", stream);
        await using var unzipped = new GZipStream(await response.Content.ReadAsStreamAsync(FakeCalls.Cancel), CompressionMode.Decompress);
        var plain = new MemoryStream();
        await unzipped.CopyToAsync(plain, FakeCalls.Cancel);

        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        Assert.Equal(stream ? SseScript.Bytes(30, 1, "claude-test") : SseScript.Json(30, 1, "claude-test"), plain.ToArray());
    }

    [Fact]
    public async Task A_huge_body_is_exactly_as_long_as_asked_for_and_still_json()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync("huge;bytes=1000003", stream: false);
        var (bytes, _) = await response.ReadToEndAsync();

        Assert.Equal(1_000_003, bytes.Length);
        Assert.Equal("message", (string?)JsonNode.Parse(bytes)!["type"]);
    }

    [Fact]
    public async Task An_early_answer_does_not_wait_for_the_body()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        await using var connection = await fake.ConnectAsync();
        await connection.WriteAsync(
            "POST /v1/messages HTTP/1.1\r\nHost: x\r\nanthropic-fake: early;code=413\r\nContent-Length: 1000\r\n\r\n");
        var start = new byte[12];
        await connection.ReadExactlyAsync(start, FakeCalls.Cancel);

        Assert.Equal("HTTP/1.1 413", Encoding.ASCII.GetString(start));
        Assert.Equal(0, (await fake.NextRequestAsync(FakeCalls.Cancel)).BodyLength);
    }

    [Fact]
    public async Task A_redirect_names_another_place()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync("redirect;code=302;to=https://other.example/x");

        Assert.Equal((HttpStatusCode.Redirect, "https://other.example/x"), (response.StatusCode, response.Headers.Location!.ToString()));
    }

    [Fact]
    public async Task The_model_name_carries_faults_too()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var failed = await fake.AskAsync(change: body => body["model"] = "fake:status;code=529");
        using var unknown = await fake.AskAsync(change: body => body["model"] = "fake:no-such-thing");
        using var tooLate = await fake.AskAsync(change: body => body["model"] = "fake:early;code=413");

        Assert.Equal([529, 400, 400], [(int)failed.StatusCode, (int)unknown.StatusCode, (int)tooLate.StatusCode]);
    }
}
