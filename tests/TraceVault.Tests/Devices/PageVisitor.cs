using System.Net;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Devices;

/// <summary>Somebody who reads the pages of devices and presses their buttons.</summary>
internal sealed class PageVisitor(TestServer server) : IDisposable
{
    private readonly PageClient _browser = new(server.Url);

    /// <summary>Signed in with a session's token.</summary>
    public PageVisitor SignedIn(string token)
    {
        _browser.Session = token;
        return this;
    }

    public async Task<(HttpStatusCode Status, string Html, Uri? Location)> GetAsync(string path) =>
        await ReadAsync(await _browser.GetAsync(path));

    /// <param name="path">Where the form goes.</param>
    /// <param name="page">The page that holds it; null sends it without a form token, as another site would.</param>
    /// <param name="fields">What is filled in.</param>
    public async Task<(HttpStatusCode Status, string Html, Uri? Location)> PostAsync(
        string path, string? page, params (string Name, string Value)[] fields) =>
        await ReadAsync(await (page is null ? _browser.SendAsync(path, fields) : _browser.SubmitAsync(page, path, fields)));

    /// <summary>Opens the page of a device and presses a button of its: approve or refuse.</summary>
    public async Task DecideAsync(string userCode, string decision)
    {
        var (status, html, _) = await PostAsync(
            "/auth/device", $"/auth/device?user_code={userCode}", ("user_code", userCode), ("decision", decision));
        Assert.True(status == HttpStatusCode.OK, html);
    }

    public void Dispose() => _browser.Dispose();

    private static async Task<(HttpStatusCode Status, string Html, Uri? Location)> ReadAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Patience.Cancel), answer.Headers.Location);
        }
    }
}
