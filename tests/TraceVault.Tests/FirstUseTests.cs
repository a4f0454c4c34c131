using System.Net;
using System.Text.Json;
using TraceVault.FakeAnthropic;
using TraceVault.Tests.Cli;
using TraceVault.Tests.Clients;

namespace TraceVault.Tests;

/// <summary>What an operator does on the first day, with the built programs and nothing else.</summary>
public sealed class FirstUseTests : IDisposable
{
    private const string Email = "ada@example.com", Password = "correct horse battery staple";

    private readonly CliProcess _machine = new();
    private readonly HttpClient _client = new();

    public FirstUseTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGTERM and sh are those of a POSIX system.");

    public void Dispose()
    {
        _machine.Dispose();
        _client.Dispose();
    }

    /// <remarks>1 Start and read the set-up token. 2 Set up. 3 Store the key. 4 Look. 5 Use the proxy. 6 Sign out. 7 Stop.</remarks>
    [Fact(Timeout = 60_000)]
    public async Task From_an_empty_folder_to_the_first_answer_and_back()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { ApiKey = TestServer.AnthropicKey }, cancel);
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite"); // for its folder
        await using var server = ServerProcess.Start(new Dictionary<string, string> // 1
        {
            ["TRACEVAULT_DATA_DIR"] = Path.Combine(database.DataDirectory, "data"),
            ["TRACEVAULT_ANTHROPIC_URL"] = upstream.Url.AbsoluteUri,
        });
        var url = await server.RestOfLineAsync("tracevault setup --server ", cancel);

        _machine.Environment["TRACEVAULT_SETUP_TOKEN"] = await server.RestOfLineAsync("Setup token: ", cancel); // 2
        var setUp = await _machine.OutputAsync(Password + "\n", cancel, "setup", "--server", url, "--email", Email, "--password-stdin");
        Assert.StartsWith($"Signed in as {Email} at {url} until ", setUp);
        Assert.EndsWith("\nNext, store your Anthropic key: tracevault key set\n", setUp);
        _machine.Environment.Remove("TRACEVAULT_SETUP_TOKEN");

        Assert.Equal( // 3
            "The key is stored. Try it: tracevault proxy run -- claude\n",
            await _machine.OutputAsync(TestServer.AnthropicKey + "\n", cancel, "key", "set"));

        var status = JsonElement.Parse(await _machine.OutputAsync("", cancel, "status", "--json")); // 4
        Assert.Equal((Email, "owner", url), (Text(status, "email"), Text(status, "role"), Text(status, "server_url")));
        Assert.True(status.GetProperty("anthropic_key").GetProperty("configured").GetBoolean());
        Assert.True(status.GetProperty("anthropic_key").GetProperty("readable").GetBoolean());

        var (baseUrl, token) = await EvaluateEnvironmentAsync(cancel); // 5
        Assert.Equal(url + "/proxy/anthropic", baseUrl);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(baseUrl, token, cancel));
        Assert.Equal(
            ["/v1/models?limit=1", "/v1/messages"],
            upstream.Requests.Select(request => request.Target)); // the first tried the key when it was stored
        KeySwap.AssertDone(upstream.Requests);

        Assert.Equal($"Signed out of {url}.\n", await _machine.OutputAsync("", cancel, "logout")); // 6
        var refused = await _machine.RunAsync("", cancel, "proxy", "token");
        Assert.Equal(
            (3, "", "You are not signed in. Run: tracevault login --server URL\n"), (refused.ExitCode, refused.Output, refused.Errors));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(baseUrl, token, cancel));

        Assert.Equal(0, await server.StopAsync(cancel)); // 7
        Assert.DoesNotContain(token, server.Output);
        Assert.DoesNotContain(TestServer.AnthropicKey, server.Output);
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    /// <summary>As a person's shell does.</summary>
    private async Task<(string BaseUrl, string Token)> EvaluateEnvironmentAsync(CancellationToken cancel)
    {
        string[] shell =
        [
            "sh",
            "-c",
            """eval "$("$1" proxy env)" && printf '%s\n' "$ANTHROPIC_BASE_URL" "$ANTHROPIC_AUTH_TOKEN" """,
            "sh",
            CliProcess.Executable
        ];
        var run = await ClientProcess.RunAsync(shell, _machine.ConfigFolder, _machine.Environment, cancel);
        var lines = run.Output.Split('\n');
        Assert.True(lines.Length == 3, run.ToString());
        return (lines[0], lines[1]);
    }

    private async Task<HttpStatusCode> AskAsync(string baseUrl, string token, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, baseUrl + "/v1/messages")
        {
            Headers = { { "anthropic-version", "2023-06-01" }, { "authorization", "Bearer " + token } },
            Content = new StringContent(
                """{"model":"claude-haiku-4-5","max_tokens":64,"messages":[{"role":"user","content":"Say hello."}]}"""),
        };
        using var answer = await _client.SendAsync(request, cancel);
        return answer.StatusCode;
    }
}
