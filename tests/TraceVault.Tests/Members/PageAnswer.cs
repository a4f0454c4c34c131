using System.Net;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Members;

/// <param name="Status">The status.</param>
/// <param name="Text">The page.</param>
/// <param name="Location">Where it redirects to; null when it does not redirect.</param>
internal sealed record PageAnswer(HttpStatusCode Status, string Text, string? Location)
{
    public static async Task<PageAnswer> ReadAsync(Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        return new PageAnswer(
            answer.StatusCode, await answer.Content.ReadAsStringAsync(Patience.Cancel), answer.Headers.Location?.OriginalString);
    }
}

/// <summary>The form of a page that somebody has in front of them: what others do meanwhile no longer changes it.</summary>
internal sealed class OpenForm(PageClient browser, string action, string token)
{
    public Task<PageAnswer> SendAsync(params (string Name, string Value)[] fields) =>
        browser.PostAsync(action, [.. fields, ("form_token", token)]);
}

/// <summary>What a browser gets, read to its end.</summary>
internal static class PageAnswers
{
    public static Task<PageAnswer> LookAsync(this PageClient browser, string path) => PageAnswer.ReadAsync(browser.GetAsync(path));

    /// <summary>For several who send at once: each has to have its form before the first one sends.</summary>
    public static async Task<OpenForm> OpenAsync(this PageClient browser, string page) =>
        new(browser, page, PageClient.FormToken(await browser.ReadAsync(page)));

    public static Task<PageAnswer> FillInAsync(
        this PageClient browser, string page, string action, params (string Name, string Value)[] fields) =>
        PageAnswer.ReadAsync(browser.SubmitAsync(page, action, fields));

    public static Task<PageAnswer> PostAsync(this PageClient browser, string action, params (string Name, string Value)[] fields) =>
        PageAnswer.ReadAsync(browser.SendAsync(action, fields));
}
