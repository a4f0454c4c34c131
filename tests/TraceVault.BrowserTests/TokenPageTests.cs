using System.Net;

namespace TraceVault.BrowserTests;

/// <summary>Long-lived tokens for the proxy. Each form runs with and without scripts.</summary>
public sealed class TokenPageTests(SystemChromium chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task A_token_is_shown_once_works_and_can_be_revoked(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/", javaScript);
        await rig.Page.StoreKeyAsync();
        await rig.Page.ExpectStatusAsync("The key is stored.");
        await rig.GoAsync("/me/tokens");
        await rig.Page.MakeTokenAsync("Build server");
        var token = await rig.Page.Locator("#token").InnerTextAsync();
        Assert.StartsWith("tvp_", token);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(rig, token));

        await rig.GoAsync("/me/tokens");
        Assert.DoesNotContain(token, await rig.Page.ContentAsync());
        await rig.Page.GetByRole(AriaRole.Link, new() { Name = "Revoke Build server" }).ClickAsync();
        await rig.Page.PressAsync("Revoke the token");

        await rig.Page.ExpectStatusAsync("The token is revoked.");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(rig, token));
    }

    private static async Task<HttpStatusCode> StatusAsync(BrowserRig rig, string token)
    {
        using var request = rig.Server.ProxyRequest(token, "/v1/models");
        using var answer = await rig.Server.Client.SendAsync(request, Patience.Cancel);
        return answer.StatusCode;
    }
}
