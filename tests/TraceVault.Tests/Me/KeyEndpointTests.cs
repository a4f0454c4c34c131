using System.Net;
using System.Net.Http.Json;
using System.Text;

namespace TraceVault.Tests.Me;

public class KeyEndpointTests
{
    private const string Path = "/api/v1/me/anthropic-key";

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_key_is_stored_replaced_and_removed_and_never_given_out(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        var token = await server.SetUpAsync();

        var none = await server.ApiJsonAsync(HttpMethod.Get, Path, token);
        Assert.Equal(
            """{"configured":false,"configured_at":null,"last_used_at":null,"max_concurrent":32,"readable":null}""", none.GetRawText());
        await server.StoreKeyAsync(token, maxConcurrent: 7);
        await server.StoreKeyAsync(token);
        var stored = await server.ApiJsonAsync(HttpMethod.Get, Path, token);
        Assert.True(stored.GetProperty("configured").GetBoolean());
        Assert.True(stored.GetProperty("readable").GetBoolean());
        Assert.Equal(7, stored.GetProperty("max_concurrent").GetInt32());
        Assert.DoesNotContain("sk-ant", stored.GetRawText());
        Assert.EndsWith("Z", stored.GetProperty("configured_at").GetString());
        for (var i = 0; i < 2; i++)
        {
            using var removed = await server.ApiAsync(HttpMethod.Delete, Path, token);
            Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        }

        var capped = none.GetRawText().Replace("32", "7", StringComparison.Ordinal); // the user's, not the key's
        Assert.Equal(capped, (await server.ApiJsonAsync(HttpMethod.Get, Path, token)).GetRawText());
    }

    [Theory]
    [InlineData("""{"key":"sk-ant-short"}""", "key")]
    [InlineData("""{"key":"sk-proj-0123456789012345678901"}""", "key")]
    [InlineData("""{"key":"sk-ant-api03-with a space-0123456"}""", "key")]
    [InlineData("""{"key":""}""", "key")]
    [InlineData("{}", "key")]
    [InlineData("""{"max_concurrent":5}""", "key")]
    [InlineData("""{"max_concurrent":0}""", "max_concurrent")]
    [InlineData("""{"max_concurrent":257}""", "max_concurrent")]
    [InlineData("""{"max_concurrent":99999999999}""", "max_concurrent")]
    [InlineData("""{"max_concurrent":2.5}""", "max_concurrent")]
    [InlineData("""{"key":17}""", "key")]
    public async Task A_bad_value_is_refused_by_the_name_of_its_field(string body, string field)
    {
        await using var server = await TestServer.StartAsync();
        var token = await server.SetUpAsync();

        using var answer = await PutAsync(server, token, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Cancel);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
        Assert.DoesNotContain("sk-proj-", problem.GetRawText());
    }

    [Theory]
    [InlineData("not json", "application/json", 400)]
    [InlineData("", "application/json", 400)]
    [InlineData("[]", "application/json", 400)]
    [InlineData("""{"key":12345}""", "application/json", 400)]
    [InlineData("""{"key":"sk-ant-api03-0123456789"}""", "text/plain", 415)]
    public async Task What_is_no_such_JSON_gets_a_problem_document(string body, string type, int status)
    {
        await using var server = await TestServer.StartAsync();
        var token = await server.SetUpAsync();

        using var answer = await PutAsync(server, token, body, type);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotContain("sk-ant", await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_huge_body_is_413()
    {
        await using var server = await TestServer.StartAsync();
        var token = await server.SetUpAsync();

        using var answer = await PutAsync(server, token, $$"""{"key":"{{new string('x', 70_000)}}"}""");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/api/v1/me")]
    [InlineData("GET", Path)]
    [InlineData("PUT", Path)]
    [InlineData("DELETE", Path)]
    [InlineData("GET", "/api/v1/me/sessions")]
    [InlineData("DELETE", "/api/v1/me/sessions/x")]
    [InlineData("POST", "/api/v1/auth/logout")]
    public async Task Nothing_of_a_user_is_reached_without_their_token(string method, string path)
    {
        await using var server = await TestServer.StartAsync();
        var token = await server.SetUpAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("Cookie", $"tv_session={token}");

        using var answer = await server.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
    }

    private static async Task<HttpResponseMessage> PutAsync(TestServer server, string token, string body, string type = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Path) { Content = new StringContent(body, Encoding.UTF8, type) };
        request.Headers.Authorization = new("Bearer", token);
        return await server.Client.SendAsync(request, Cancel);
    }
}
