using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TraceVault.Changes;
using TraceVault.FakeAnthropic;
using TraceVault.Gateway;
using TraceVault.Tests.Gateway;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Me;

/// <summary>A key is tried before it is stored, and what Anthropic says of it later is known.</summary>
public class KeyTrialTests
{
    private const string Path = "/api/v1/me/anthropic-key", Other = "sk-ant-api03-another-key-of-the-tests-0123456789";

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory]
    [InlineData("sk-ant-oat01-0123456789abcdefghij", "Claude subscription")]
    [InlineData("sk-ant-ort01-0123456789abcdefghij", "Claude subscription")]
    [InlineData("sk-ant-admin01-0123456789abcdefghij", "admin key")]
    [InlineData("sk-ant-sid01-0123456789abcdefghij", "browser at claude.ai")]
    [InlineData("sk-proj-0123456789abcdefghij0123456789", "OpenAI")]
    [InlineData("tvs_0123456789abcdefghij0123456789abcdefghij", "TraceVault's own")]
    [InlineData("tvp_0123456789abcdefghij0123456789abcdefghij", "TraceVault's own")]
    [InlineData("sk-ant-api03-0123…xyzAA-0123456789", "middle hidden")]
    [InlineData("sk-ant-api03-0123...xyzAA-0123456789", "middle hidden")]
    [InlineData("sk-ant-api03-0123•••••••••xyzAA", "middle hidden")]
    [InlineData("sk-ant-api03-0123*********xyzAA", "middle hidden")]
    [InlineData("sk-ant-api03-0123", "only the beginning of a key")]
    [InlineData("something else that is long enough", "starts with sk-ant-")]
    public async Task What_is_no_key_is_refused_with_what_it_is_and_where_the_right_one_is(string text, string kind)
    {
        await using var server = await TestServer.StartAsync();
        var token = await server.SetUpWithKeyAsync();
        using var browser = new PageClient(server.Url) { Session = token };

        using var answer = await server.ApiAsync(HttpMethod.Put, Path, token, new { key = text, store_anyway = true });
        using var page = await browser.SubmitAsync("/me/proxy/", "/me/proxy/key", ("key", text), ("store_anyway", "on"));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (answer.StatusCode, page.StatusCode));
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel))
            .GetProperty("errors").GetProperty("key")[0].GetString()!;
        var shown = WebUtility.HtmlDecode(await page.Content.ReadAsStringAsync(Cancel));
        Assert.All([problem, shown], each => Assert.Contains(kind, each, StringComparison.Ordinal));
        Assert.All([problem, shown], each => Assert.Contains("console.anthropic.com", each, StringComparison.Ordinal));
        Assert.All([problem, shown], each => Assert.DoesNotContain("0123", each, StringComparison.Ordinal));
        Assert.DoesNotContain("store_anyway", shown);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_key_that_Anthropic_does_not_know_does_not_replace_one_that_works(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(new() { ApiKey = TestServer.AnthropicKey }, engine);
        Assert.Empty(rig.Upstream.Requests); // no key was stored that could be lost
        using var browser = new PageClient(rig.Server.Url) { Session = rig.Token };

        using var refused = await rig.Server.ApiAsync(HttpMethod.Put, Path, rig.Token, new { key = Other });
        using var page = await browser.SubmitAsync("/me/proxy/", "/me/proxy/key", ("key", Other));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (refused.StatusCode, page.StatusCode));
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal("key_refused", problem.GetProperty("code").GetString());
        Assert.Contains("invalid x-api-key", problem.GetProperty("errors").GetProperty("key")[0].GetString());
        var shown = await page.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("invalid x-api-key", shown);
        Assert.Contains("name=\"store_anyway\"", shown);
        Assert.DoesNotContain(Other, shown + problem.GetRawText());
        Assert.Equal(["/v1/models?limit=1", "/v1/models?limit=1"], rig.Upstream.Requests.Select(request => request.Target));
        var log = await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/audit?action=key.set&outcome=failed", rig.Token);
        Assert.Equal(
            ["anthropic", "anthropic"], log.GetProperty("events").EnumerateArray().Select(each => each.GetProperty("target").GetString()));
        Assert.Null((await rig.CallAsync(cancel: Cancel)).Code);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);

        using var anyway = await rig.Server.ApiAsync(HttpMethod.Put, Path, rig.Token, new { key = Other, store_anyway = true });
        Assert.Equal(HttpStatusCode.NoContent, anyway.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.CallAsync(cancel: Cancel)).Status);
        using var good = await browser.SubmitAsync("/me/proxy/", "/me/proxy/key", ("key", TestServer.AnthropicKey));
        Assert.Equal("/me/proxy/?done=works", good.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
    }

    [Fact]
    public async Task The_first_key_is_tried_where_that_is_asked_for()
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { ApiKey = TestServer.AnthropicKey }, Cancel);
        await using var server = await TestServer.StartAsync(upstream: upstream.Url);
        var token = await server.SetUpAsync();

        using var refused = await server.ApiAsync(HttpMethod.Put, Path, token, new { key = Other, store_anyway = false });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.False((await server.ApiJsonAsync(HttpMethod.Get, Path, token)).GetProperty("configured").GetBoolean());
        using var taken = await server.ApiAsync(HttpMethod.Put, Path, token, new { key = TestServer.AnthropicKey, store_anyway = false });

        Assert.Equal(HttpStatusCode.NoContent, taken.StatusCode);
        Assert.True((await server.ApiJsonAsync(HttpMethod.Get, Path, token)).TryGetProperty("works_since", out _));
    }

    /// <summary>Nothing is known of the key then, and whoever replaces one usually has a reason.</summary>
    [Theory, InlineData(500), InlineData(529), InlineData(403), InlineData(429), InlineData(0)]
    public async Task An_answer_that_says_nothing_of_the_key_keeps_nobody_from_storing_it(int status)
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(cancel: Cancel);
        upstream.Handler = context =>
        {
            if (status == 0)
            {
                context.Abort();
            }

            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        await using var server = await TestServer.StartAsync(upstream: upstream.Url);
        var token = await server.SetUpWithKeyAsync();
        using var browser = new PageClient(server.Url) { Session = token };

        using var answer = await server.ApiAsync(HttpMethod.Put, Path, token, new { key = Other });
        using var page = await browser.SubmitAsync("/me/proxy/", "/me/proxy/key", ("key", Other));

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("/me/proxy/?done=untested", page.Headers.Location!.OriginalString);
        Assert.Contains("Anthropic could not be asked", await browser.ReadAsync(page.Headers.Location.OriginalString));
        var key = await server.ApiJsonAsync(HttpMethod.Get, Path, token);
        Assert.False(key.TryGetProperty("works_since", out _) || key.TryGetProperty("refused_at", out _));
    }

    [Fact]
    public async Task Trying_keys_in_a_loop_is_bounded_too()
    {
        await using var rig = await ProxyRig.StartAsync(new() { ApiKey = TestServer.AnthropicKey });
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < AuditLog.MaxChanges + 5; i++)
        {
            using var refused = await rig.Server.ApiAsync(HttpMethod.Put, Path, rig.Token, new { key = Other });
            statuses.Add(refused.StatusCode);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
        Assert.InRange(rig.Upstream.Requests.Count, 1, AuditLog.MaxChanges);
    }

    /// <summary>The answer is passed on as it is. The user's page, command line and API show what it means.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_Anthropic_says_of_a_key_on_the_way_is_known(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        using var browser = new PageClient(rig.Server.Url) { Session = rig.Token };
        Assert.Equal((false, false), await StateAsync(rig));

        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        Assert.Equal((true, false), await StateAsync(rig));
        Assert.Contains("Works since", await browser.ReadAsync("/me/proxy/"));

        rig.Upstream.EnqueueFault(Fault.Status(401));
        var refused = await rig.CallAsync(cancel: Cancel);
        Assert.Equal((HttpStatusCode.Unauthorized, null), (refused.Status, refused.Code)); // verbatim, not ours
        Assert.Equal((false, true), await StateAsync(rig));
        Assert.Contains("refused by Anthropic", await browser.ReadAsync("/me/proxy/"));

        rig.Upstream.EnqueueFault(Fault.Status(529));
        await rig.CallAsync(cancel: Cancel);
        Assert.Equal((false, true), await StateAsync(rig)); // says nothing of the key

        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        Assert.Equal((true, false), await StateAsync(rig));

        rig.Upstream.EnqueueFault(Fault.Status(401));
        await rig.CallAsync(cancel: Cancel);
        using var replaced = await rig.Server.ApiAsync(HttpMethod.Put, Path, rig.Token, new { key = Other, store_anyway = true });
        Assert.Equal((false, false), await StateAsync(rig)); // of the key before
    }

    /// <returns>Whether the key is known to work, and to be refused, after the server has written what it knows.</returns>
    private static async Task<(bool Works, bool IsRefused)> StateAsync(ProxyRig rig)
    {
        await rig.Server.Services.GetServices<IHostedService>().OfType<LastUseWriter>().Single().WriteAsync(Cancel);
        var key = await rig.Server.ApiJsonAsync(HttpMethod.Get, Path, rig.Token);
        return (key.TryGetProperty("works_since", out _), key.TryGetProperty("refused_at", out _));
    }
}
