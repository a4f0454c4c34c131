using System.Net;

namespace TraceVault.BrowserTests;

/// <summary>Where a user is signed in. Each form runs with and without scripts.</summary>
public sealed class SessionPageTests(SystemChromium chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Ending_another_session_ends_it_at_once(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/sessions", javaScript);
        var other = await rig.Server.LogInAsync();
        await rig.GoAsync("/me/sessions");
        await rig.Page.GetByRole(AriaRole.Row).Filter(new() { HasNotText = "this one" }).GetByRole(AriaRole.Button).ClickAsync();

        await rig.Page.ExpectStatusAsync("The session is ended.");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(rig, other));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Ending_all_others_leaves_this_one(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/sessions", javaScript);
        string[] others = [await rig.Server.LogInAsync(), await rig.Server.LogInAsync()];
        await rig.GoAsync("/me/sessions");
        await rig.Page.PressAsync("End all others");

        await rig.Page.ExpectStatusAsync("All other sessions are ended.");
        foreach (var other in others)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(rig, other));
        }

        await Assertions.Expect(rig.Page.GetByText("this one")).ToBeVisibleAsync();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Ending_this_one_leads_to_the_sign_in(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/sessions", javaScript);
        await rig.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "this one" }).GetByRole(AriaRole.Button).ClickAsync();

        await rig.Page.ExpectHeadingAsync("Sign in");
    }

    private static async Task<HttpStatusCode> StatusAsync(BrowserRig rig, string token)
    {
        using var answer = await rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/me", token);
        return answer.StatusCode;
    }
}
