using System.Net.Http.Json;
using System.Text.Json;

namespace TraceVault.Tests;

/// <summary>A server that listens, and what tests ask of it over its sockets.</summary>
internal abstract class RunningServer(Uri url) : IAsyncDisposable
{
    public Uri Url { get; } = url;

    /// <summary>What a client is given as its base URL.</summary>
    public Uri ProxyUrl => new(Url, "/proxy/anthropic");

    public HttpClient Client { get; } = new() { BaseAddress = url };

    /// <summary>Creates the first user.</summary>
    /// <returns>The session token.</returns>
    public async Task<string> SetUpAsync()
    {
        using var answer = await Client.PostAsJsonAsync(
            "/api/v1/auth/setup", new { setup_token = TestServer.SetupToken, email = TestServer.Email, password = TestServer.Password });
        return await TokenOfAsync(answer);
    }

    public async Task<string> LogInAsync()
    {
        using var answer = await Client.PostAsJsonAsync(
            "/api/v1/auth/login", new { email = TestServer.Email, password = TestServer.Password });
        return await TokenOfAsync(answer);
    }

    /// <summary>Creates the first user and stores a key for them.</summary>
    /// <returns>The session token.</returns>
    public async Task<string> SetUpWithKeyAsync(string key = TestServer.AnthropicKey, int? maxConcurrent = null)
    {
        var token = await SetUpAsync();
        await StoreKeyAsync(token, key, maxConcurrent);
        return token;
    }

    public async Task StoreKeyAsync(string token, string key = TestServer.AnthropicKey, int? maxConcurrent = null)
    {
        using var answer = await ApiAsync(
            HttpMethod.Put,
            "/api/v1/me/anthropic-key",
            token,
            maxConcurrent is null ? new { key } : new { key, max_concurrent = maxConcurrent });
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Calls the management API with a token.</summary>
    public async Task<HttpResponseMessage> ApiAsync(HttpMethod method, string path, string token, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new("Bearer", token);
        request.Content = body is null ? null : JsonContent.Create(body);
        return await Client.SendAsync(request);
    }

    public async Task<JsonElement> ApiJsonAsync(HttpMethod method, string path, string token)
    {
        using var answer = await ApiAsync(method, path, token);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>A request to the proxy with the token as <c>x-api-key</c>.</summary>
    public HttpRequestMessage ProxyRequest(string token, string path = "/v1/messages", HttpContent? body = null)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(Url, "/proxy/anthropic" + path))
        {
            Content = body
        };
        request.Headers.Add("x-api-key", token);
        request.Headers.Add("anthropic-version", "2023-06-01");
        return request;
    }

    public virtual ValueTask DisposeAsync()
    {
        Client.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private static async Task<string> TokenOfAsync(HttpResponseMessage answer)
    {
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }
}
