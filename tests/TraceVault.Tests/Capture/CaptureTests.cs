using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Capture;

/// <summary>What is recorded is what was sent and received, byte for byte; of what is not recorded, nothing is there.</summary>
public class CaptureTests
{
    private const string Canary = "canary-3c1f9e77-in-a-prompt";

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Both_bodies_are_given_back_byte_for_byte(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        await rig.Server.KeepAsync(rig.Token, "full");
        foreach (var stream in new[] { false, true })
        {
            using var body = ProxyRig.Message(stream);
            var sent = await body.ReadAsByteArrayAsync(Cancel);
            using var answer = await rig.SendAsync(body, cancel: Cancel);
            var received = await answer.Content.ReadAsByteArrayAsync(Cancel);
            var id = Records.IdOf(answer);

            var exchange = await rig.Server.ExchangeAsync(rig.Token, id);

            Assert.Equal(sent, await rig.Server.BodyAsync(rig.Token, id, "request"));
            Assert.Equal(received, await rig.Server.BodyAsync(rig.Token, id, "response"));
            Assert.Equal("full", exchange.GetProperty("recorded").GetString());
            Assert.Equal("ok", exchange.GetProperty("outcome").GetString());
            Assert.Equal(stream, exchange.GetProperty("stream").GetBoolean());
            Assert.Equal("message", exchange.GetProperty("kind").GetString());
            Assert.Equal("claude-sonnet-4-5", exchange.GetProperty("model_asked").GetString());
            Assert.Equal(sent.Length, exchange.GetProperty("request_bytes").GetInt64());
            Assert.Equal(received.Length, exchange.GetProperty("response_bytes").GetInt64());
            Assert.Equal(0, exchange.GetProperty("gap_bytes").GetInt64());
            Assert.True(exchange.GetProperty("raw_usage").GetProperty("input_tokens").GetInt64() > 0);
        }
    }

    [Fact]
    public async Task A_body_has_its_hash_as_etag_and_is_given_in_parts()
    {
        await using var rig = await ProxyRig.StartAsync();
        await rig.Server.KeepAsync(rig.Token, "full");
        using var sent = await rig.SendAsync(ProxyRig.Message(), cancel: Cancel);
        var received = await sent.Content.ReadAsByteArrayAsync(Cancel);
        var path = $"/api/v1/exchanges/{Records.IdOf(sent)}/response";
        await rig.Server.BodyAsync(rig.Token, Records.IdOf(sent), "response");

        using var whole = await rig.Server.ApiAsync(HttpMethod.Get, path, rig.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", rig.Token);
        request.Headers.Range = new RangeHeaderValue(5, 9);
        using var part = await rig.Server.Client.SendAsync(request, Cancel);

        Assert.Equal($"\"sha256-{Convert.ToHexStringLower(SHA256.HashData(received))}\"", whole.Headers.ETag!.Tag);
        Assert.Equal("application/octet-stream", whole.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("application/json", Assert.Single(whole.Headers.GetValues("x-tracevault-content-type")));
        Assert.Equal("no-store", whole.Headers.CacheControl!.ToString());
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(received[5..10], await part.Content.ReadAsByteArrayAsync(Cancel));
    }

    /// <summary>Whatever the head holds: an answer that cannot be recorded whole is passed on whole.</summary>
    [Theory]
    [InlineData("usage", "sqlite")]
    [InlineData("usage", "postgres")]
    [InlineData("full", "sqlite")]
    [InlineData("full", "postgres")]
    public async Task A_head_beyond_all_bounds_breaks_no_answer(string mode, string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        await rig.Server.KeepAsync(rig.Token, mode);
        rig.Upstream.Handler = async context =>
        {
            context.Response.Headers["request-id"] = new string('x', 20_000);
            context.Response.Headers["anthropic-organization-id"] = new string('y', 20_000);
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("""{"model":"\ud800\u0000m","usage":{"input_tokens":1}}""", Cancel);
        };
        using var request = rig.Server.ProxyRequest(rig.Token, "/v1/messages", ProxyRig.Message());
        foreach (var name in (string[])["x-claude-code-agent-id", "x-session-id", "x-tracevault-project", "x-tracevault-labels"])
        {
            request.Headers.TryAddWithoutValidation(name, new string('z', 1_500));
        }

        using var answer = await rig.Client.SendAsync(request, Cancel);
        var received = await answer.Content.ReadAsByteArrayAsync(Cancel);
        var exchange = await rig.Server.ExchangeAsync(rig.Token, Records.IdOf(answer));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("ok", exchange.GetProperty("outcome").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, exchange.GetProperty("upstream_request_id").ValueKind);
        if (mode is "full")
        {
            Assert.Equal(received, await rig.Server.BodyAsync(rig.Token, Records.IdOf(answer), "response"));
        }
    }

    [Theory]
    [InlineData("off")]
    [InlineData("usage")]
    [InlineData("full")]
    public async Task No_content_is_on_the_disk_in_clear(string mode)
    {
        await using var rig = await ProxyRig.StartAsync();
        await rig.Server.KeepAsync(rig.Token, mode);
        var body = $$"""{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"{{Canary}}"}]}""";

        using var answer = await rig.SendAsync(new StringContent(body, Encoding.UTF8, "application/json"), cancel: Cancel);
        await answer.Content.ReadAsByteArrayAsync(Cancel);
        if (mode is not "off")
        {
            Assert.Equal(mode, (await rig.Server.ExchangeAsync(rig.Token, Records.IdOf(answer))).GetProperty("recorded").GetString());
        }

        await rig.Server.StopAsync();
        var files = Directory.GetFiles(rig.Database.DataDirectory, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.DoesNotContain(Canary, Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        Assert.DoesNotContain(rig.Server.Log.Lines, line => line.Contains(Canary, StringComparison.Ordinal));
        Assert.Equal(mode is "full", files.Any(file => file.Contains("/parts/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task With_capture_off_an_exchange_leaves_no_row()
    {
        await using var rig = await ProxyRig.StartAsync();
        await rig.Server.KeepAsync(rig.Token, "off");
        using var unrecorded = await rig.SendAsync(ProxyRig.Message(), cancel: Cancel);
        await unrecorded.Content.ReadAsByteArrayAsync(Cancel);
        await rig.Server.KeepAsync(rig.Token, "usage");
        using var recorded = await rig.SendAsync(ProxyRig.Message(), cancel: Cancel);
        await recorded.Content.ReadAsByteArrayAsync(Cancel);
        await rig.Server.ExchangeAsync(rig.Token, Records.IdOf(recorded)); // in order: what came before would be there by now

        using var missing = await rig.Server.ApiAsync(HttpMethod.Get, $"/api/v1/exchanges/{Records.IdOf(unrecorded)}", rig.Token);

        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    /// <summary>What is read in memory alone would be lost, and the recorder waits a moment for more before it writes.</summary>
    [Theory]
    [InlineData("usage")]
    [InlineData("full")]
    public async Task What_ended_just_before_the_server_stops_is_recorded(string mode)
    {
        await using var rig = await ProxyRig.StartAsync();
        await rig.Server.KeepAsync(rig.Token, mode);
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            using var answer = await rig.SendAsync(ProxyRig.Message(), cancel: Cancel);
            await answer.Content.ReadAsByteArrayAsync(Cancel);
            ids.Add(Records.IdOf(answer));
        }

        await rig.Server.StopAsync();
        await using var next = await TestServer.StartAsync(rig.Database, rig.Upstream.Url);

        foreach (var id in ids)
        {
            using var found = await next.ApiAsync(HttpMethod.Get, $"/api/v1/exchanges/{id}", rig.Token);
            Assert.Equal(HttpStatusCode.OK, found.StatusCode);
            Assert.Contains("\"outcome\":\"ok\"", await found.Content.ReadAsStringAsync(Cancel));
        }
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Requests_of_a_session_are_one_trace_and_an_agent_of_it_is_listed(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        string id = "";
        foreach (var agent in new[] { null, "agent-1", null })
        {
            using var request = rig.Server.ProxyRequest(rig.Token, "/v1/messages", ProxyRig.Message());
            request.Headers.Add("x-claude-code-session-id", "b1946ac9-2f5e-4a6b-9e0d-0123456789ab");
            request.Headers.Add("user-agent", "claude-cli/2.1.330 (external, cli)");
            if (agent is not null)
            {
                request.Headers.Add("x-claude-code-agent-id", agent);
            }

            using var answer = await rig.Client.SendAsync(request, Cancel);
            id = Records.IdOf(answer);
        }

        var last = await rig.Server.ExchangeAsync(rig.Token, id);
        var trace = await rig.Server.ApiJsonAsync(HttpMethod.Get, $"/api/v1/traces/{last.GetProperty("trace_id").GetString()}", rig.Token);
        var listed = await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/traces", rig.Token);

        Assert.Equal(3, trace.GetProperty("exchanges").GetInt64());
        Assert.Equal(3, trace.GetProperty("messages").GetInt64());
        Assert.StartsWith("claude-code", trace.GetProperty("client").GetString());
        Assert.Equal([null, "agent-1"], trace.GetProperty("agents").EnumerateArray().Select(each => each.GetProperty("id").GetString()));
        Assert.Equal(2, Assert.Single(listed.GetProperty("traces").EnumerateArray()).GetProperty("agents").GetInt32());
    }

    [Fact]
    public async Task Erased_content_is_gone_at_once_and_its_usage_stays()
    {
        await using var rig = await ProxyRig.StartAsync();
        await rig.Server.KeepAsync(rig.Token, "full");
        using var answer = await rig.SendAsync(ProxyRig.Message(), cancel: Cancel);
        await answer.Content.ReadAsByteArrayAsync(Cancel);
        var exchange = await rig.Server.ExchangeAsync(rig.Token, Records.IdOf(answer));

        using var erased = await rig.Server.ApiAsync(
            HttpMethod.Delete, $"/api/v1/traces/{exchange.GetProperty("trace_id").GetString()}", rig.Token);

        Assert.Equal(HttpStatusCode.NoContent, erased.StatusCode);
        using var gone = await rig.Server.ApiAsync(HttpMethod.Get, $"/api/v1/exchanges/{Records.IdOf(answer)}/response", rig.Token);
        Assert.Equal(HttpStatusCode.Gone, gone.StatusCode);
        var left = await rig.Server.ExchangeAsync(rig.Token, Records.IdOf(answer));
        Assert.Equal("usage", left.GetProperty("recorded").GetString());
        Assert.Equal(exchange.GetProperty("raw_usage").GetRawText(), left.GetProperty("raw_usage").GetRawText());
    }
}
