namespace TraceVault.BrowserTests;

/// <summary>What a person does with a form: finds fields and buttons by the words beside or on them.</summary>
internal static class Forms
{
    public static async Task FillAsync(this IPage page, params (string Label, string Value)[] fields)
    {
        foreach (var (label, value) in fields)
        {
            await page.GetByLabel(label, new() { Exact = true }).FillAsync(value);
        }
    }

    public static Task PressAsync(this IPage page, string button) =>
        page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public static async Task LogInAsync(this IPage page, string email = TestServer.Email, string password = TestServer.Password)
    {
        await page.FillAsync(("E-mail address", email), ("Password", password));
        await page.PressAsync("Sign in");
    }

    public static async Task StoreKeyAsync(this IPage page, string key = TestServer.AnthropicKey)
    {
        await page.FillAsync(("Anthropic API key", key));
        await page.PressAsync("Store the key");
    }

    public static async Task MakeTokenAsync(this IPage page, string name)
    {
        await page.FillAsync(("What it is for", name));
        await page.PressAsync("Create the token");
        await page.ExpectStatusAsync("it is not shown again");
    }

    public static async Task ExpectHeadingAsync(this IPage page, string text) =>
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = text, Exact = true })).ToBeVisibleAsync();

    /// <summary>Something a screen reader says at once contains the text.</summary>
    public static async Task ExpectAlertAsync(this IPage page, string text) =>
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(text);

    /// <summary>Something a screen reader says when it is done with its sentence contains the text.</summary>
    public static async Task ExpectStatusAsync(this IPage page, string text) =>
        await Assertions.Expect(page.GetByRole(AriaRole.Status).Filter(new() { HasText = text })).ToBeVisibleAsync();
}
