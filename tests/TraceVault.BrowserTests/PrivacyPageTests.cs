namespace TraceVault.BrowserTests;

/// <summary>What is recorded: seen, chosen, and decided for everybody. Each form runs with and without scripts.</summary>
public sealed class PrivacyPageTests(SystemChromium chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Somebody_chooses_by_keyboard_and_takes_it_back(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/privacy", javaScript);
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Heading, new() { Name = "Now: Usage" })).ToBeVisibleAsync();
        await rig.Page.GetByLabel("What the policy says").FocusAsync();
        await rig.Page.Keyboard.PressAsync("ArrowUp"); // from the first choice to the last
        await rig.Page.Keyboard.PressAsync("Enter");

        await rig.Page.ExpectStatusAsync("Your choice holds");
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Heading, new() { Name = "Now: Full" })).ToBeVisibleAsync();
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Group, new() { Name = "What may be recorded of you" })).ToBeVisibleAsync();

        await rig.Page.GetByLabel("What the policy says").CheckAsync();
        await rig.Page.PressAsync("Save your choice");
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Heading, new() { Name = "Now: Usage" })).ToBeVisibleAsync();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task An_owner_turns_on_full_recording_after_a_warning(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/admin/capture", javaScript);
        await rig.Page.GetByLabel("Mode", new() { Exact = true }).SelectOptionAsync("full");
        await rig.Page.FillAsync(("Days that content is kept", "8"));
        await rig.Page.PressAsync("Save the policy");
        await rig.Page.ExpectHeadingAsync("Record everything?");
        await rig.Page.PressAsync("Record everything");

        await rig.Page.ExpectStatusAsync("The policy holds");
        await Assertions.Expect(rig.Page.GetByLabel("Mode", new() { Exact = true })).ToHaveValueAsync("full");
        await Assertions.Expect(rig.Page.GetByLabel("Days that content is kept")).ToHaveValueAsync("8");
    }
}
