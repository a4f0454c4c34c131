using System.Net;

namespace TraceVault.Tests.Pages;

/// <summary>Pages asked for under a name that is not the public one.</summary>
public class ForeignHostTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task Pages_under_a_foreign_name_are_refused_and_say_where_the_server_is()
    {
        await using var server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/auth/login") { Headers = { Host = "evil.example" } };

        using var answer = await server.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Contains(server.Url.GetLeftPart(UriPartial.Authority), text);
        Assert.DoesNotContain("evil.example", text);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("10.0.0.1:{port}")]
    [InlineData("localhost:1")] // another port: not this server, or the end of a tunnel
    [InlineData("localhost")]
    public async Task A_foreign_name_redirects_nowhere_and_the_answer_names_the_address(string host)
    {
        await using var server = await TestServer.StartAsync();

        using var answer = await AskAsync(server, HttpMethod.Get, "/auth/login?return_to=%2Fme%2Ftokens", host);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
        Assert.Null(answer.Headers.Location);
        Assert.Contains($"<a href=\"{server.Url.GetLeftPart(UriPartial.Authority)}/\">", await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData("localhost:{port}")]
    [InlineData("LOCALHOST:{port}")]
    [InlineData("[::1]:{port}")]
    [InlineData("127.0.0.2:{port}")]
    public async Task Under_another_name_of_this_machine_a_page_redirects_to_itself_under_the_public_name(string host)
    {
        await using var server = await TestServer.StartAsync();
        var origin = server.Url.GetLeftPart(UriPartial.Authority);

        foreach (var (path, target) in ((string, string)[])[
            ("/auth/login?return_to=%2Fme%2Ftokens", "/auth/login?return_to=%2Fme%2Ftokens"),
            ("/invite/%0d%0ax", "/invite/%0D%0Ax"),
            ("/invite/evil.example@x", "/invite/evil.example@x")])
        {
            using var answer = await AskAsync(server, HttpMethod.Get, path, host);
            Assert.Equal((HttpStatusCode.TemporaryRedirect, origin + target), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        }

        using var form = await AskAsync(server, HttpMethod.Post, "/auth/login", host);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, form.StatusCode);
    }

    [Fact]
    public async Task Where_the_public_name_is_none_of_this_machine_its_own_names_are_foreign()
    {
        await using var server = await TestServer.StartAsync(settings: "--PublicUrl=https://vault.example.com");

        foreach (var host in (string[])["localhost:{port}", "127.0.0.1:{port}", "localhost:443"])
        {
            using var answer = await AskAsync(server, HttpMethod.Get, "/auth/login", host);
            Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
        }
    }

    /// <param name="host">As the browser names the server; {port} stands for the server's own.</param>
    private static async Task<HttpResponseMessage> AskAsync(TestServer server, HttpMethod method, string path, string host)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = server.Url
        };
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Host = host.Replace("{port}", server.Url.Port.ToString());
        request.Headers.Accept.ParseAdd("text/html");
        request.Content = method == HttpMethod.Post ? new FormUrlEncodedContent([new("email", TestServer.Email)]) : null;
        return await client.SendAsync(request, Cancel);
    }
}
