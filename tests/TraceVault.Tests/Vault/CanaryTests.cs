using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapper;
using TraceVault.FakeAnthropic;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Vault;

/// <summary>After a full run at Trace level, a known key, token, password and master key are nowhere that they must not be.</summary>
public class CanaryTests
{
    private const string Key = TestServer.AnthropicKey;

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory]
    [InlineData("sqlite", "text")]
    [InlineData("postgres", "json")]
    public async Task No_secret_is_found_anywhere(string engine, string logFormat)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var upstream = await FakeAnthropicServer.StartAsync(cancel: Cancel);
        await using var server = ServerProcess.Start(new Dictionary<string, string>
        {
            ["TRACEVAULT_DATABASE"] = database.Setting,
            ["TRACEVAULT_DATA_DIR"] = database.DataDirectory,
            ["TRACEVAULT_ENCRYPTION_KEY"] = TestServer.MasterKey,
            ["TRACEVAULT_SETUP_TOKEN"] = TestServer.SetupToken,
            ["TRACEVAULT_ANTHROPIC_URL"] = upstream.Url.AbsoluteUri,
            ["TRACEVAULT_LOG_LEVEL"] = "trace",
            ["TRACEVAULT_LOG_FORMAT"] = logFormat,
            ["TRACEVAULT_PROXY__UPSTREAMTIMEOUT"] = "00:00:02",
        });
        var url = await server.UrlAsync(Cancel);
        var answers = new StringBuilder();

        var token = await RunAsync(url, upstream, answers);
        answers.Append(await new HttpClient().GetStringAsync(new Uri(url, "/metrics"), Cancel));
        var processList = await File.ReadAllTextAsync($"/proc/{server.Id}/cmdline", Cancel);
        await using var connection = await database.OpenAsync();
        var rows = await RowsAsync(connection, engine);
        await connection.CloseAsync();
        Assert.Equal(0, await server.StopAsync(Cancel));
        var files = engine == "sqlite"
            ? Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Path.Combine(database.DataDirectory, "tracevault.db"), Cancel))
            : "";

        Assert.Contains("/proxy/anthropic/[redacted]", server.Output); // the log was really on, and a secret came to it
        Assert.Contains("provider_keys", rows + files);
        Assert.Contains("key.replaced", rows);
        foreach (var secret in (string[])[Key, Key[7..], token, token[4..], TestServer.MasterKey, TestServer.Password])
        {
            foreach (var (place, text) in (ReadOnlySpan<(string, string)>)[
                ("log", server.Output),
                ("answers", answers.ToString()),
                ("process list", processList),
                ("database", rows),
                ("database file", files)])
            {
                Assert.False(text.Contains(secret, StringComparison.OrdinalIgnoreCase), $"A secret is in the {place}.");
            }
        }
    }

    /// <summary>Sends secrets in every way, mistaken ones included, and gets every kind of answer and failure.</summary>
    /// <returns>The session token.</returns>
    private static async Task<string> RunAsync(Uri url, FakeAnthropicServer upstream, StringBuilder answers)
    {
        using var client = new HttpClient { BaseAddress = url };
        using var setUp = await client.PostAsJsonAsync(
            "/api/v1/auth/setup",
            new { setup_token = TestServer.SetupToken, email = TestServer.Email, password = TestServer.Password },
            Cancel);
        var token = (await setUp.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("token").GetString()!;

        async Task CallAsync(HttpMethod method, string path, HttpContent? body = null, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body };
            foreach (var (name, value) in headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            try
            {
                using var answer = await client.SendAsync(request, Cancel);
                answers.Append(answer.Headers).Append(await answer.Content.ReadAsStringAsync(Cancel));
            }
            catch (HttpRequestException problem)
            {
                answers.Append(problem);
            }
        }

        (string, string) bearer = ("Authorization", $"Bearer {token}"), version = ("anthropic-version", "2023-06-01");
        await CallAsync(HttpMethod.Put, "/api/v1/me/anthropic-key", JsonContent.Create(new { key = "sk-ant short " + Key }), bearer);
        await CallAsync(HttpMethod.Put, "/api/v1/me/anthropic-key", JsonContent.Create(new { key = Key }), bearer);
        (string, string) agent = ("User-Agent", $"{token} {Key}");
        await CallAsync(
            HttpMethod.Put, "/api/v1/me/anthropic-key", JsonContent.Create(new { key = Key, max_concurrent = 9 }), bearer, agent);
        await CallAsync(HttpMethod.Post, "/api/v1/me/tokens", JsonContent.Create(new { name = Key }), bearer);
        await CallAsync(HttpMethod.Post, "/api/v1/me/tokens", JsonContent.Create(new { name = "ci" }), bearer, agent);
        await CallAsync(HttpMethod.Delete, "/api/v1/me/sessions", null, bearer, agent);
        await CallAsync(
            HttpMethod.Post, "/api/v1/auth/login", JsonContent.Create(new { email = TestServer.Email, password = "wrong" }), agent);
        await CallAsync(HttpMethod.Get, "/api/v1/audit", null, bearer);
        await CallAsync(HttpMethod.Get, "/api/v1/me", null, bearer);
        await CallAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", null, bearer);
        await CallAsync(HttpMethod.Get, "/api/v1/me/sessions", null, bearer);
        await CallAsync(HttpMethod.Post, "/api/v1/auth/login", JsonContent.Create(new { email = TestServer.Password, password = token }));
        await CallAsync(HttpMethod.Post, "/api/v1/auth/login", JsonContent.Create(new { email = TestServer.Email, password = Key }));
        await CallAsync(HttpMethod.Post, "/api/v1/auth/login", new StringContent(
            $"{{\"email\":\"{Key}\",\"password\":{token}", Encoding.UTF8, "application/json"));
        await CallAsync(HttpMethod.Get, $"/api/v1/me?token={token}&key={Key}", null, bearer);
        await CallAsync(HttpMethod.Get, $"/nowhere/{token}/{Key}");
        await CallAsync(HttpMethod.Get, $"/proxy/anthropic/{token}/v1/messages?key={Key}", null, bearer);
        await CallAsync(HttpMethod.Get, $"/proxy/anthropic/v1/{Key}", null, bearer);
        await CallAsync(HttpMethod.Get, $"/proxy/anthropic/v1/..%2f{Key}", null, bearer);
        await CallAsync(HttpMethod.Get, "/proxy/anthropic/v1/models", null, ("x-api-key", Key));
        await CallAsync(HttpMethod.Get, "/proxy/anthropic/v1/models", null, bearer, ("x-api-key", Key));
        await CallAsync(HttpMethod.Get, "/proxy/anthropic/v1/models", null, bearer, version, ("anthropic-foo", "ok"));
        await CallAsync(HttpMethod.Post, "/proxy/anthropic/v1/messages", ProxyRig.Message(), bearer, version);
        await CallAsync(HttpMethod.Post, "/proxy/anthropic/v1/messages", ProxyRig.Message(stream: true), bearer, version);
        foreach (var fault in (Fault[])[
            Fault.Status(401), Fault.Status(529), Fault.Reset(), Fault.CutMidEvent(3), Fault.CutMidEvent(3, fin: true),
            Fault.SlowHeaders(Task.Delay(Timeout.InfiniteTimeSpan, Cancel))])
        {
            upstream.EnqueueFault(fault, Fault.Reply(24));
            await CallAsync(HttpMethod.Post, "/proxy/anthropic/v1/messages", ProxyRig.Message(stream: true), bearer, version);
        }

        // The fake shows what a real upstream would not: which credential it was sent. None of ours may be among them.
        Assert.All(upstream.Requests, request => Assert.Equal(Key, Assert.Single(request.Header("x-api-key"))));
        await upstream.DisposeAsync();
        await CallAsync(HttpMethod.Post, "/proxy/anthropic/v1/messages", ProxyRig.Message(), bearer, version);
        using var gone = await client.GetAsync("/metrics", Cancel);
        Assert.Equal(HttpStatusCode.OK, gone.StatusCode);
        return token;
    }

    /// <summary>Every column of every table as text, the sealed one byte for byte as Latin-1.</summary>
    private static async Task<string> RowsAsync(System.Data.Common.DbConnection connection, string engine)
    {
        var tables = await connection.QueryAsync<string>(engine == "postgres"
            ? "select table_name from information_schema.tables where table_schema = 'public'"
            : "select name from sqlite_master where type = 'table'");
        var text = new StringBuilder();
        foreach (var table in tables)
        {
            text.AppendLine(table);
            foreach (IDictionary<string, object?> row in await connection.QueryAsync($"select * from {table}"))
            {
                text.AppendJoin(
                    '|', row.Values.Select(value => value is byte[] bytes ? Encoding.Latin1.GetString(bytes) : value)).AppendLine();
            }
        }

        return text.ToString();
    }
}
