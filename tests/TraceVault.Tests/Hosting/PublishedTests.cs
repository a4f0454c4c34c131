using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using TraceVault.FakeAnthropic;
using TraceVault.Tests.Cli;
using TraceVault.Tests.Clients;
using TraceVault.Tests.Gateway;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Hosting;

/// <summary>
/// The two files that <c>./publish</c> makes, as they are handed out: only these tests notice what the compilers leave out.
/// </summary>
public sealed partial class PublishedTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tracevault-published-");
    private readonly HttpClient _client = new();
    private FakeAnthropicServer _upstream = null!;
    private ServerProcess _server = null!;

    public PublishedTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGTERM is a POSIX system's.");

    private static CancellationToken Cancel => Patience.Cancel;

    private Uri Url => _client.BaseAddress!;

    public async ValueTask InitializeAsync()
    {
        _upstream = await FakeAnthropicServer.StartAsync(new() { ApiKey = TestServer.AnthropicKey }, Cancel);
        _server = ServerProcess.StartAlone(
            PublishedFiles.Locate("tracevault-server"),
            _folder.FullName,
            authority: null,
            "--Urls=http://127.0.0.1:0",
            $"--AnthropicUrl={_upstream.Url}");
        _client.BaseAddress = await _server.UrlAsync(Cancel);
        var setupToken = await _server.RestOfLineAsync("Setup token: ", Cancel);
        using var setUp = await _client.PostAsJsonAsync(
            "/api/v1/auth/setup", new { setup_token = setupToken, email = TestServer.Email, password = TestServer.Password }, Cancel);
        _client.DefaultRequestHeaders.Authorization = new(
            "Bearer", (await setUp.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("token").GetString()!);
        using var stored = await _client.PutAsJsonAsync("/api/v1/me/anthropic-key", new { key = TestServer.AnthropicKey }, Cancel);
        Assert.True(stored.IsSuccessStatusCode, _server.Output);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_upstream is not null)
        {
            await _upstream.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_server_is_one_file_that_streams_shows_pages_and_stops_in_order()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/proxy/anthropic/v1/messages")
        {
            Content = ProxyRig.Message(stream: true)
        };
        request.Headers.Add("anthropic-version", "2023-06-01");
        using var streamed = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal("text/event-stream", streamed.Content.Headers.ContentType?.MediaType);
        Assert.Contains("event: message_stop", await streamed.Content.ReadAsStringAsync(Cancel));
        KeySwap.AssertDone([Assert.Single(_upstream.Requests)]);

        using var browser = new PageClient(Url);
        using var style = await browser.GetAsync(Stylesheet().Match(await browser.ReadAsync("/auth/login")).Groups[1].Value);
        Assert.Equal((HttpStatusCode.OK, "text/css"), (style.StatusCode, style.Content.Headers.ContentType?.MediaType));
        using var signedIn = await browser.LogInAsync();
        Assert.Contains(TestServer.Email, await browser.ReadAsync("/me/proxy/"));
        Assert.False(Directory.Exists(Path.Combine(_folder.FullName, ".aspnet"))); // keys of the framework's own, in clear

        Assert.Equal(0, await _server.StopAsync(Cancel));
        Assert.DoesNotContain("Unhandled exception", _server.Output);
    }

    [Fact]
    public async Task The_command_line_is_one_file_that_signs_in_checks_and_signs_out()
    {
        using var machine = new CliProcess { Program = PublishedFiles.Locate("tracevault") };
        Assert.Matches(@"^\d+\.\d+\.\d+", await machine.OutputAsync("", Cancel, "--version"));

        await LogInAsync(machine);
        Assert.Contains(TestServer.Email, await machine.OutputAsync("", Cancel, "status"));
        await machine.OutputAsync("", Cancel, "proxy", "doctor");
        Assert.StartsWith("tvs_", await machine.OutputAsync("", Cancel, "proxy", "token"));
        Assert.StartsWith("Signed out of ", await machine.OutputAsync("", Cancel, "logout"));
        Assert.Equal(3, (await machine.RunAsync("", Cancel, "proxy", "token")).ExitCode);
    }

    /// <summary>By a code that somebody approves in a browser.</summary>
    private async Task LogInAsync(CliProcess machine)
    {
        using var browser = new PageClient(Url);
        using var signedIn = await browser.LogInAsync();
        var start = new ProcessStartInfo(machine.Program, ["login", "--server", Url.AbsoluteUri])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        ClientProcess.SetEnvironment(start, machine.Environment);
        using var login = Process.Start(start)!;
        await login.StandardError.ReadLineAsync(Cancel); // the link
        var code = (await login.StandardError.ReadLineAsync(Cancel))![^10..^1];

        using var approved = await browser.SubmitAsync(
            $"/auth/device?user_code={code}", "/auth/device", ("user_code", code), ("decision", "approve"));

        Assert.StartsWith($"Signed in as {TestServer.Email} at ", await login.StandardOutput.ReadToEndAsync(Cancel));
        await login.WaitForExitAsync(Cancel);
        Assert.Equal(0, login.ExitCode);
    }

    [GeneratedRegex("rel=\"stylesheet\" href=\"([^\"]+)\"")]
    private static partial Regex Stylesheet();
}
