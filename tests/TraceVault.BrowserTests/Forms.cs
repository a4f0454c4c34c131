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

    public static async Task ExpectHeadingAsync(this IPage page, string text) =>
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = text, Exact = true })).ToBeVisibleAsync();

    /// <summary>Something a screen reader says at once contains the text.</summary>
    public static async Task ExpectAlertAsync(this IPage page, string text) =>
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(text);
}
