using System.Net;
using System.Text.RegularExpressions;

namespace TraceVault.Tests.Pages;

/// <summary>A browser without a screen: keeps cookies, follows nothing, and fills in the forms of the pages it was given.</summary>
internal sealed partial class PageClient : IDisposable
{
    private readonly HttpClient _client;

    public PageClient(Uri server)
    {
        var handler = new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false };
        _client = new HttpClient(handler) { BaseAddress = server };
        _client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
    }

    public CookieContainer Cookies { get; } = new();

    private static CancellationToken Cancel => Patience.Cancel;

    /// <summary>The session's cookie, null when there is none.</summary>
    public string? Session
    {
        get => Cookies.GetCookies(_client.BaseAddress!)["tv_session"]?.Value;
        set => Cookies.Add(_client.BaseAddress!, new Cookie("tv_session", value, "/"));
    }

    public Task<HttpResponseMessage> GetAsync(string path) => _client.GetAsync(path, Cancel);

    public async Task<string> ReadAsync(string path)
    {
        using var answer = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Cancel);
    }

    /// <summary>Sends a form that the page shows, with its token.</summary>
    public async Task<HttpResponseMessage> SubmitAsync(string page, string action, params (string Name, string Value)[] fields) =>
        await SendAsync(action, [.. fields, ("form_token", FormToken(await ReadAsync(page)))]);

    /// <summary>Sends a form as it is, without a token of ours.</summary>
    public async Task<HttpResponseMessage> SendAsync(string action, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await _client.PostAsync(action, content, Cancel);
    }

    public async Task SetUpAsync()
    {
        using var answer = await SubmitAsync("/auth/setup", "/auth/setup",
            ("setup_token", TestServer.SetupToken), ("email", TestServer.Email), ("password", TestServer.Password));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
    }

    public Task<HttpResponseMessage> LogInAsync(
        string password = TestServer.Password, string email = TestServer.Email, string returnTo = "") =>
        SubmitAsync("/auth/login", "/auth/login", ("email", email), ("password", password), ("return_to", returnTo));

    public static string FormToken(string page) => WebUtility.HtmlDecode(TokenField().Match(page).Groups[1].Value);

    public void Dispose() => _client.Dispose();

    [GeneratedRegex("name=\"form_token\" value=\"([^\"]+)\"")]
    private static partial Regex TokenField();
}
