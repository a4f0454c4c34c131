using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Demo;

/// <summary>The demo's user, who does over HTTP what a real user does: sets the server up, stores a key, streams a message.</summary>
internal sealed class DemoAccount : IDisposable
{
    /// <summary>
    /// A made-up key, the only one that the fake upstream accepts: an answer proves that the proxy put it in place of the token.
    /// </summary>
    public static readonly string AnthropicKey = "sk-ant-demo-" + RandomNumberGenerator.GetHexString(32, lowercase: true);

    private readonly HttpClient _http;

    /// <param name="server">An address of this machine, so a proxy that the environment names is not used.</param>
    public DemoAccount(Uri server) => _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server };

    public string Email { get; } = "demo@example.com";

    public string Password { get; } = RandomNumberGenerator.GetHexString(20, lowercase: true);

    /// <summary>The session token; empty before <see cref="CreateAsync"/>.</summary>
    public string Token { get; private set; } = "";

    public async Task CreateAsync(string setupToken, CancellationToken cancel)
    {
        using var signedIn = await _http.PostAsJsonAsync(
            "/api/v1/auth/setup", new { setup_token = setupToken, email = Email, password = Password }, cancel);
        signedIn.EnsureSuccessStatusCode();
        Token = (await signedIn.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("token").GetString()!;
        _http.DefaultRequestHeaders.Authorization = new("Bearer", Token);

        using var stored = await _http.PutAsJsonAsync("/api/v1/me/anthropic-key", new { key = AnthropicKey }, cancel);
        stored.EnsureSuccessStatusCode();
    }

    /// <returns>The text of the answer, piece by piece as it arrives.</returns>
    public async IAsyncEnumerable<string> StreamAsync(string body, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, AnthropicProvider.Base + "/v1/messages");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Add("anthropic-version", "2023-06-01");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        await foreach (var received in SseParser.Create(stream).EnumerateAsync(cancel))
        {
            if (received.EventType == "content_block_delta"
                && JsonElement.Parse(received.Data).GetProperty("delta").TryGetProperty("text", out var text))
            {
                yield return text.GetString()!;
            }
        }
    }

    public void Dispose() => _http.Dispose();
}
