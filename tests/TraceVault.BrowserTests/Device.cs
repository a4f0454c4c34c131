using System.Text.Json;

namespace TraceVault.BrowserTests;

/// <summary>A program that waits to be signed in, as RFC 8628 describes it.</summary>
internal sealed class Device
{
    private const string Base = "/proxy/anthropic/oauth/";

    private readonly BrowserRig _rig;
    private readonly JsonElement _begun;

    private Device(BrowserRig rig, JsonElement begun) => (_rig, _begun) = (rig, begun);

    public string Code => _begun.GetProperty("user_code").GetString()!;

    /// <summary>The page of this device.</summary>
    public string Link => _begun.GetProperty("verification_uri_complete").GetString()!;

    public static async Task<Device> BeginAsync(BrowserRig rig) =>
        new(rig, await PostAsync(rig, "device_authorization", ("surface", "claude_code")));

    /// <returns>The access token, or the error.</returns>
    public async Task<string> PollAsync()
    {
        var answer = await PostAsync(
            _rig,
            "token",
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", _begun.GetProperty("device_code").GetString()!));
        return answer.TryGetProperty("access_token", out var token) ? token.GetString()! : answer.GetProperty("error").GetString()!;
    }

    private static async Task<JsonElement> PostAsync(BrowserRig rig, string endpoint, params (string Name, string Value)[] form)
    {
        using var body = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        using var answer = await rig.Server.Client.PostAsync(Base + endpoint, body, Patience.Cancel);
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync(Patience.Cancel));
    }
}
