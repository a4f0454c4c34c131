using System.Net;
using System.Text.Json.Nodes;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.FakeAnthropic;

public class ApiTests
{
    [Theory, InlineData("HEAD", "/"), InlineData("GET", "/"), InlineData("HEAD", "/api/hello"), InlineData("GET", "/api/hello")]
    public async Task Probes_need_no_credential(string method, string path)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(fake.Url, path));
        using var response = await client.SendAsync(request, FakeCalls.Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Everything_else_needs_the_right_one()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new() { ApiKey = "right" }, FakeCalls.Cancel);
        using var client = new HttpClient { BaseAddress = fake.Url };
        using var none = await client.GetAsync("v1/models", FakeCalls.Cancel);
        client.DefaultRequestHeaders.Add("x-api-key", "wrong");
        using var wrong = await client.GetAsync("v1/models", FakeCalls.Cancel);
        client.DefaultRequestHeaders.Remove("x-api-key");
        client.DefaultRequestHeaders.Authorization = new("Bearer", "right");
        using var right = await client.GetAsync("v1/models", FakeCalls.Cancel);

        Assert.Equal([401, 401, 200], [(int)none.StatusCode, (int)wrong.StatusCode, (int)right.StatusCode]);
    }

    [Fact]
    public async Task Models_come_in_pages()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var client = fake.Client();
        List<string?> ids = [];
        for (JsonNode? page = null; page is null || (bool)page["has_more"]!;)
        {
            page = JsonNode.Parse(await client.GetStringAsync($"v1/models?limit=4&after_id={page?["last_id"]}", FakeCalls.Cancel))!;
            ids.AddRange(page["data"]!.AsArray().Select(model => (string?)model!["id"]));
        }

        Assert.Equal(6, ids.Distinct().Count());
        Assert.Contains("Opus", await client.GetStringAsync("v1/models/claude-opus-4-5-20251101", FakeCalls.Cancel));
        using var unknown = await client.GetAsync("v1/models/none", FakeCalls.Cancel);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Theory, InlineData("model"), InlineData("max_tokens"), InlineData("messages")]
    public async Task A_missing_member_is_named(string member)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync(change: body => body.Remove(member));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"{member}: Field required", await response.Content.ReadAsStringAsync(FakeCalls.Cancel));
    }
}
