using System.Net;
using System.Text.Json;

namespace TraceVault.Tests.Devices;

/// <summary>An answer of an OAuth endpoint.</summary>
internal sealed record OAuthReply(HttpStatusCode Status, JsonElement Json, HttpResponseMessage Answer)
{
    public string this[string name] => Json.GetProperty(name).GetString()!;

    /// <summary>Null when it went well.</summary>
    public string? Error => Json.TryGetProperty("error", out var error) ? error.GetString() : null;
}

/// <summary>A program that wants to be signed in, as RFC 8628 describes it.</summary>
/// <param name="server">Where.</param>
/// <param name="from">Its address, as a trusted proxy in front tells it; null is this machine.</param>
internal sealed class DeviceClient(RunningServer server, string? from = null)
{
    public const string Base = "/proxy/anthropic/oauth/";

    public Task<OAuthReply> BeginAsync() => PostAsync("device_authorization", ("surface", "claude_code"));

    public Task<OAuthReply> PollAsync(OAuthReply begun) =>
        PostAsync("token", ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", begun["device_code"]));

    public Task<OAuthReply> RefreshAsync(string refreshToken) =>
        PostAsync("token", ("grant_type", "refresh_token"), ("refresh_token", refreshToken));

    public Task<OAuthReply> RevokeAsync(string token) => PostAsync("revoke", ("token", token));

    /// <summary>From the request to the tokens, approved by whoever reads the pages.</summary>
    public async Task<OAuthReply> SignInAsync(PageVisitor reader)
    {
        var begun = await BeginAsync();
        await reader.DecideAsync(begun["user_code"], "approve");
        return await PollAsync(begun);
    }

    public async Task<OAuthReply> PostAsync(string endpoint, params (string Name, string Value)[] form)
    {
        using var body = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await SendAsync(endpoint, body);
    }

    public async Task<OAuthReply> SendAsync(string endpoint, HttpContent body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Base + endpoint, UriKind.Relative)) { Content = body };
        if (from is not null)
        {
            request.Headers.Add("x-forwarded-for", from);
        }

        var answer = await server.Client.SendAsync(request, Patience.Cancel);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        var text = await answer.Content.ReadAsStringAsync(Patience.Cancel);
        return new OAuthReply(answer.StatusCode, JsonElement.Parse(text.Length == 0 ? "{}" : text), answer);
    }
}
