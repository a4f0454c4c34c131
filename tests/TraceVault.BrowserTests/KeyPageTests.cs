using System.Text.RegularExpressions;

namespace TraceVault.BrowserTests;

/// <summary>The page people meet first: their key and how to use it. Each form runs with and without scripts.</summary>
public sealed class KeyPageTests(SystemChromium chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task A_stored_key_is_never_shown_again(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/", javaScript);
        await rig.Page.StoreKeyAsync();

        await rig.Page.ExpectStatusAsync("The key is stored.");
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Region, new() { Name = "Your Anthropic key stored" })).ToBeVisibleAsync();
        Assert.DoesNotContain(TestServer.AnthropicKey, await rig.Page.ContentAsync());
        Assert.DoesNotContain(TestServer.AnthropicKey, rig.Page.Url);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task What_is_no_key_is_said_beside_the_field_and_not_repeated(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/", javaScript);
        await rig.Page.StoreKeyAsync("sk-something-else");

        await Assertions.Expect(rig.Page.GetByLabel("Anthropic API key")).ToHaveAccessibleDescriptionAsync(new Regex("sk-ant-"));
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        Assert.DoesNotContain("sk-something-else", await rig.Page.ContentAsync());
    }

    [Fact]
    public async Task No_browser_offers_to_keep_the_key()
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/");
        var field = rig.Page.GetByLabel("Anthropic API key");

        await Assertions.Expect(field).ToHaveAttributeAsync("autocomplete", "off");
        await Assertions.Expect(field).ToHaveAttributeAsync("type", "text");
        await Assertions.Expect(field).ToHaveCSSAsync("-webkit-text-security", "disc");
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_test_request_shows_what_Anthropic_answers(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/", javaScript);
        await rig.Page.StoreKeyAsync();
        await rig.Page.PressAsync("Send a test request");
        await rig.Page.ExpectStatusAsync("It works: Anthropic accepted the key.");

        await rig.Page.GetByText("Replace the key").First.ClickAsync();
        await rig.Page.FillAsync(("Anthropic API key", "sk-ant-api03-a-key-that-was-deleted"));
        await rig.Page.PressAsync("Replace the key");
        await Assertions.Expect(rig.Page.GetByLabel("Anthropic API key")).ToHaveAccessibleDescriptionAsync(
            new Regex("Anthropic does not know this key: it answered 401.*Nothing was changed"));
        await rig.Page.FillAsync(("Anthropic API key", "sk-ant-api03-a-key-that-was-deleted"));
        await rig.Page.GetByLabel("Store it anyway").CheckAsync();
        await rig.Page.PressAsync("Replace the key");
        await rig.Page.ExpectStatusAsync("The key is stored.");
        await rig.Page.PressAsync("Send a test request");
        await rig.Page.ExpectStatusAsync("Anthropic does not know this key (401).");
        await Assertions.Expect(
            rig.Page.GetByRole(AriaRole.Region, new() { Name = "Your Anthropic key refused by Anthropic" })).ToBeVisibleAsync();
        await rig.Page.ExpectStatusAsync("authentication_error"); // Anthropic's own words
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Removing_the_key_asks_first(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/", javaScript);
        await rig.Page.StoreKeyAsync();
        await rig.Page.GetByRole(AriaRole.Link, new() { Name = "Remove the key" }).ClickAsync();
        await rig.Page.GetByRole(AriaRole.Link, new() { Name = "Keep it" }).ClickAsync();
        await rig.Page.GetByRole(AriaRole.Link, new() { Name = "Remove the key" }).ClickAsync();
        await rig.Page.PressAsync("Remove the key");

        await rig.Page.ExpectStatusAsync("The key is removed.");
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Region, new() { Name = "Your Anthropic key not stored" })).ToBeVisibleAsync();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task The_number_of_requests_at_once_can_be_changed(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/", javaScript);
        await rig.Page.StoreKeyAsync();
        await rig.Page.GetByText("Change how many requests may run at once").ClickAsync();
        await rig.Page.FillAsync(("Requests at once", "7"));
        await rig.Page.PressAsync("Change");

        await rig.Page.ExpectStatusAsync("The number of requests at once is saved.");
        await Assertions.Expect(rig.Page.GetByText("7 at most")).ToBeVisibleAsync();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Each_tool_has_a_tab_with_what_to_paste(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/", javaScript);
        foreach (var tool in (string[])["Claude Code", "apiKeyHelper", "TypeScript", "Python", "C#", "opencode", "Pi", "GSD 2", "curl"])
        {
            var tab = rig.Page.GetByRole(AriaRole.Navigation, new() { Name = "Tools" }).GetByRole(
                AriaRole.Link, new() { Name = tool, Exact = true });
            await tab.ClickAsync();
            await Assertions.Expect(tab).ToHaveAttributeAsync("aria-current", "true");
            await Assertions.Expect(rig.Page.GetByRole(AriaRole.Heading, new() { Name = tool, Exact = true })).ToBeInViewportAsync();
            await Assertions.Expect(rig.Page.Locator("pre[id^=paste]").First).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task A_button_copies_what_stands_beside_it()
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/");
        await rig.Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await rig.Page.GetByRole(AriaRole.Button, new() { Name = "Copy" }).First.ClickAsync();

        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Button, new() { Name = "Copied" })).ToBeVisibleAsync();
        Assert.Equal(rig.Server.ProxyUrl.AbsoluteUri, await rig.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
    }

    [Fact]
    public async Task A_copy_button_says_what_it_copies_before_and_after()
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/");
        await rig.Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await rig.Page.Clock.InstallAsync();
        var button = rig.Page.GetByRole(AriaRole.Button, new() { Name = "Copy the settings" });
        await button.ClickAsync();
        await Assertions.Expect(button).ToHaveCountAsync(0); // it says Copied
        await rig.Page.Clock.FastForwardAsync(3000);

        await Assertions.Expect(button).ToBeVisibleAsync();
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Button, new() { Name = "Copy the command" }).First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task On_a_phone_what_is_to_be_pasted_breaks_nowhere_and_is_scrolled_by_keyboard()
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/");
        await Screen.Narrowest.ShowAsync(rig.Page);
        var command = rig.Page.GetByRole(AriaRole.Region, new() { NameRegex = new("Sign in once") });

        await Assertions.Expect(command).ToHaveCSSAsync("white-space-collapse", "preserve");
        await Assertions.Expect(command).ToHaveCSSAsync("text-wrap-mode", "nowrap");
        await command.FocusAsync();
        await rig.Page.Keyboard.PressAsync("ArrowRight");
        await rig.Page.WaitForFunctionAsync("() => document.activeElement.scrollLeft > 0");
    }

    [Fact]
    public async Task Without_scripts_no_button_is_there_that_would_do_nothing()
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/", javaScript: false);

        await Assertions.Expect(rig.Page.Locator("pre").First).ToBeVisibleAsync();
        await Assertions.Expect(rig.Page.GetByRole(AriaRole.Button, new() { Name = "Copy" })).ToHaveCountAsync(0);
    }
}
