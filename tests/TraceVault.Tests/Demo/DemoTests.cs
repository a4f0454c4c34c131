using System.Net.ServerSentEvents;
using System.Text;
using System.Text.RegularExpressions;

namespace TraceVault.Tests.Demo;

/// <summary>The demo as a person meets it: one command, no key, nothing left behind.</summary>
public sealed partial class DemoTests
{
    private const int Limit = 60_000; // milliseconds

    [Fact(Timeout = Limit)]
    public async Task Streams_an_answer_then_serves_the_token_it_printed_and_leaves_nothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("tracevault-test-");
        try
        {
            await using var demo = ServerProcess.Start(
                new Dictionary<string, string>
                {
                    ["TMPDIR"] = folder.FullName,
                    ["TRACEVAULT_DATA_DIR"] = Path.Combine(folder.FullName, "data"),
                    ["TRACEVAULT_DATABASE"] = $"sqlite:{folder.FullName}/theirs.db",
                    ["TRACEVAULT_PUBLIC_URL"] = "https://theirs.example.com",
                },
                "--demo",
                "--Urls=http://127.0.0.1:0");
            await demo.RestOfLineAsync("Ctrl-C ends the demo.", cancel);
            var shown = demo.Output;
            Assert.Contains("Hello! I am not Claude", shown);

            var (baseUrl, token) = (BaseUrl().Match(shown).Groups[1].Value, Token().Match(shown).Groups[1].Value);
            Assert.Contains($"\nANTHROPIC_BASE_URL={baseUrl} ANTHROPIC_AUTH_TOKEN={token} claude\n", shown);
            var events = await StreamAsync(baseUrl, token, Curl().Match(shown).Groups[1].Value, cancel);
            Assert.Equal(("message_start", "message_stop"), (events[0], events[^1]));
            Assert.True(events.Count > 20);

            Assert.Equal((0, shown), (await demo.StopAsync(cancel), demo.Output));
            Assert.DoesNotContain(
                folder.GetFileSystemInfos(),
                left => left.Name.StartsWith("tracevault", StringComparison.Ordinal) || left.Name is "data" or "theirs.db");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Refuses_a_database_rather_than_ignoring_it()
    {
        await using var demo = ServerProcess.Start(new Dictionary<string, string>(), "--demo", "--database=sqlite:mine.db");
        Assert.Equal(1, await demo.ExitAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            "tracevault-server: The demo has its own database, key and upstream: leave --Database out, or leave --demo out.", demo.Output);
    }

    private static async Task<List<string>> StreamAsync(string baseUrl, string token, string body, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, baseUrl + "/v1/messages")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json")
        };
        request.Headers.Add("x-api-key", token);
        request.Headers.Add("anthropic-version", "2023-06-01");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        response.EnsureSuccessStatusCode();
        var events = new List<string>();
        await foreach (var received in SseParser.Create(await response.Content.ReadAsStreamAsync(cancel)).EnumerateAsync(cancel))
        {
            events.Add(received.EventType);
        }

        return events;
    }

    [GeneratedRegex(@"^  Base URL  (http://127\.0\.0\.1:\d+/proxy/anthropic)$", RegexOptions.Multiline)]
    private static partial Regex BaseUrl();

    [GeneratedRegex("^  Token     (tvs_.+)$", RegexOptions.Multiline)]
    private static partial Regex Token();

    [GeneratedRegex("^curl -N .* -d '(.+)'$", RegexOptions.Multiline)]
    private static partial Regex Curl();
}
