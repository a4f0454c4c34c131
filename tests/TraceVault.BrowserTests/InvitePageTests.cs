namespace TraceVault.BrowserTests;

/// <summary>From an invitation to a colleague at work, with and without scripts.</summary>
public sealed class InvitePageTests(SystemChromium chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task An_invited_colleague_joins_by_the_link_which_works_once(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/admin/users", javaScript);
        await rig.Page.FillAsync(("Their e-mail address", "ada@example.com"));
        await rig.Page.PressAsync("Create the link");
        await rig.Page.ExpectStatusAsync("The link is ready.");
        var link = await rig.Page.Locator("#link").InnerTextAsync();
        await using var profile = await chromium.NewProfileAsync(rig.Server.Url, javaScript);
        var colleague = await profile.NewPageAsync();

        await colleague.GotoAsync(link);
        await colleague.FillAsync(("Your name (optional)", "Ada"), ("Password", "short"));
        await colleague.PressAsync("Join");
        await Assertions.Expect(colleague.GetByLabel("Password")).ToHaveAccessibleDescriptionAsync(
            new System.Text.RegularExpressions.Regex("^The password is too short"));
        await colleague.FillAsync(("Password", "seven calm otters swim"));
        await colleague.PressAsync("Join");

        await colleague.ExpectHeadingAsync("Your proxy");
        await Assertions.Expect(colleague.GetByRole(AriaRole.Banner)).ToContainTextAsync("ada@example.com");
        await Assertions.Expect(colleague.GetByRole(AriaRole.Link, new() { Name = "People" })).ToHaveCountAsync(0);
        await rig.GoAsync("/admin/users");
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "ada@example.com" }))
            .ToContainTextAsync("member");
        await colleague.GotoAsync(link);
        await Assertions.Expect(colleague.GetByLabel("Password")).ToHaveCountAsync(0);
    }
}
