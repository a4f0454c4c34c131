namespace TraceVault.BrowserTests;

/// <summary>Approving and refusing a device, each with and without scripts.</summary>
public sealed class DevicePageTests(SystemChromium chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task The_link_leads_through_the_sign_in_to_the_device_which_waits_until_it_is_approved(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAsync(chromium, javaScript);
        await rig.Server.SetUpAsync();
        var device = await Device.BeginAsync(rig);
        await rig.GoAsync(device.Link);
        await rig.Page.LogInAsync();

        await rig.Page.ExpectHeadingAsync("Sign in a device?");
        await Assertions.Expect(rig.Page.GetByText(device.Code)).ToBeVisibleAsync();
        Assert.Equal("authorization_pending", await device.PollAsync()); // looking decides nothing
        await rig.Page.PressAsync("Approve");

        await rig.Page.ExpectHeadingAsync("The device is approved");
        var token = await device.PollAsync();
        using var answer = await rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/me", token);
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        await rig.GoAsync("/me/sessions");
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Row))
            .ToHaveCountAsync(4); // a heading, the first sign-in, this browser, the device
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_code_that_is_typed_in_small_letters_finds_the_device_and_it_is_refused(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/auth/device", javaScript);
        var device = await Device.BeginAsync(rig);
        await rig.Page.FillAsync(("Code", $" {device.Code.ToLowerInvariant().Replace("-", " ", StringComparison.Ordinal)} "));
        await rig.Page.PressAsync("Continue");
        await rig.Page.PressAsync("Refuse");

        await rig.Page.ExpectHeadingAsync("The device is refused");
        Assert.Equal("access_denied", await device.PollAsync());
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_wrong_code_is_said_beside_its_field(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/auth/device", javaScript);
        await rig.Page.FillAsync(("Code", "BCDF-GHJK"));
        await rig.Page.PressAsync("Continue");

        await Assertions.Expect(rig.Page.GetByLabel("Code")).ToHaveAccessibleDescriptionAsync(
            new System.Text.RegularExpressions.Regex("^No device is waiting with this code"));
    }
}
