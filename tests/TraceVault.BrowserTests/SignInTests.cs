using Microsoft.Extensions.Time.Testing;
using TraceVault.Accounts;

namespace TraceVault.BrowserTests;

/// <summary>Signing in and out, each with and without scripts.</summary>
public sealed class SignInTests(SystemChromium chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Address_and_password_open_the_start_page(bool javaScript)
    {
        await using var rig = await AtSignInAsync(javaScript);
        await rig.Page.LogInAsync();

        await rig.Page.WaitForURLAsync("**/me/proxy/");
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Banner)).ToContainTextAsync(TestServer.Email);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Signing_in_goes_on_to_where_it_was_asked_for(bool javaScript)
    {
        await using var rig = await AtSignInAsync(javaScript);
        await rig.GoAsync("/me/tokens");
        await rig.Page.LogInAsync();

        await rig.Page.ExpectHeadingAsync("Proxy tokens");
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Signing_out_ends_the_session(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAsync(chromium, javaScript);
        var token = await rig.SignInAsync();
        await rig.GoAsync("/me/proxy/");
        await rig.Page.PressAsync("Sign out");

        await rig.Page.ExpectHeadingAsync("Sign in");
        Assert.DoesNotContain(await rig.Page.Context.CookiesAsync(), cookie => cookie.Name == "tv_session");
        using var answer = await rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/me", token);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_wrong_password_is_said_and_the_address_kept(bool javaScript)
    {
        await using var rig = await AtSignInAsync(javaScript);
        await rig.Page.LogInAsync(password: "three random words");

        await rig.Page.ExpectAlertAsync("The e-mail address or the password is wrong.");
        await Assertions.Expect(rig.Page.GetByLabel("E-mail address")).ToHaveValueAsync(TestServer.Email);
        await Assertions.Expect(rig.Page.GetByLabel("Password")).ToHaveValueAsync("");
        await rig.Page.LogInAsync();
        await rig.Page.WaitForURLAsync("**/me/proxy/");
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Whoever_guesses_too_often_is_told_how_long_to_wait(bool javaScript)
    {
        await using var rig = await AtSignInAsync(javaScript, new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        for (var i = 0; i < SignInThrottle.PerAccount; i++)
        {
            await rig.Page.LogInAsync(password: $"guess number {i}");
            await rig.Page.ExpectAlertAsync("The e-mail address or the password is wrong.");
        }

        await rig.Page.LogInAsync();
        await rig.Page.ExpectAlertAsync("15 minutes");
    }

    [Fact]
    public async Task The_session_is_closed_to_scripts_and_to_other_sites()
    {
        await using var rig = await AtSignInAsync(javaScript: true);
        await rig.Page.LogInAsync();
        await rig.Page.WaitForURLAsync("**/me/proxy/");

        var cookie = Assert.Single(await rig.Page.Context.CookiesAsync(), cookie => cookie.Name == "tv_session");
        Assert.True(cookie.HttpOnly);
        Assert.Equal((SameSiteAttribute.Lax, "/", false), (cookie.SameSite, cookie.Path, cookie.Secure)); // Secure only on https
        Assert.StartsWith("tvs_", cookie.Value);
        Assert.DoesNotContain("tv_session", await rig.Page.EvaluateAsync<string>("document.cookie"));
    }

    [Fact]
    public async Task The_keyboard_alone_signs_in()
    {
        await using var rig = await AtSignInAsync(javaScript: true);
        await Assertions.Expect(rig.Page.GetByLabel("E-mail address")).ToBeFocusedAsync();
        await rig.Page.Keyboard.TypeAsync(TestServer.Email);
        await rig.Page.Keyboard.PressAsync("Tab");
        await rig.Page.Keyboard.TypeAsync(TestServer.Password);
        await rig.Page.Keyboard.PressAsync("Enter");

        await rig.Page.WaitForURLAsync("**/me/proxy/");
    }

    [Fact]
    public async Task The_first_stop_of_the_tabulator_skips_what_every_page_has()
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.SignInAsync();
        await rig.GoAsync("/me/proxy/");
        await rig.Page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Link, new() { Name = "Skip to the content" })).ToBeInViewportAsync();
        await rig.Page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
    }

    private async Task<BrowserRig> AtSignInAsync(bool javaScript, TimeProvider? clock = null)
    {
        var rig = await BrowserRig.StartAsync(chromium, javaScript, clock);
        await rig.Server.SetUpAsync();
        await rig.GoAsync("/auth/login");
        return rig;
    }
}
