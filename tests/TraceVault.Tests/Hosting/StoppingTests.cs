using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using TraceVault.FakeAnthropic;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Hosting;

public sealed class StoppingTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    /// <summary>The stream that runs is cut off; the server ends in order all the same, and knows when the session was last used.</summary>
    [Fact]
    public async Task A_stop_whose_time_runs_out_is_still_one_in_order()
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(cancel: Cancel);
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite");
        await using var server = ServerProcess.Start(new Dictionary<string, string>
        {
            ["TRACEVAULT_DATA_DIR"] = database.DataDirectory,
            ["TRACEVAULT_SETUP_TOKEN"] = TestServer.SetupToken,
            ["TRACEVAULT_ANTHROPIC_URL"] = upstream.Url.AbsoluteUri,
            ["TRACEVAULT_DRAIN_TIMEOUT"] = "00:00:00.100",
        });
        using var client = new HttpClient { BaseAddress = await server.UrlAsync(Cancel) };
        using var setUp = await client.PostAsJsonAsync(
            "/api/v1/auth/setup",
            new { setup_token = TestServer.SetupToken, email = TestServer.Email, password = TestServer.Password },
            Cancel);
        client.DefaultRequestHeaders.Authorization = new(
            "Bearer", (await setUp.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("token").GetString()!);
        using var stored = await client.PutAsJsonAsync("/api/v1/me/anthropic-key", new { key = TestServer.AnthropicKey }, Cancel);
        upstream.EnqueueFault(Fault.Reply(24), Fault.Silence(3, Task.Delay(Timeout.InfiniteTimeSpan, Cancel)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/proxy/anthropic/v1/messages")
        {
            Content = ProxyRig.Message(stream: true)
        };
        request.Headers.Add("anthropic-version", "2023-06-01");
        using var running = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);

        Assert.Equal(0, await server.StopAsync(Cancel));

        await Assert.ThrowsAnyAsync<Exception>(() => running.Content.ReadAsByteArrayAsync(Cancel));
        Assert.DoesNotContain("Unhandled exception", server.Output);
        Assert.Contains(" /proxy/anthropic/v1/messages cut status=200 ", server.Output); // not the client's doing
        await using var connection = await database.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "select last_used_at from user_anthropic_keys";
        Assert.IsType<long>(await command.ExecuteScalarAsync(Cancel));
    }

    /// <summary>
    /// The web server's own limit: 240 bytes a second after five seconds. The proxy's uploads have none (see the tests of silence).
    /// </summary>
    [Fact]
    public async Task A_sign_in_that_never_sends_its_body_does_not_hold_its_connection_for_ever()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(server.Url.Host, server.Url.Port, Cancel);
        var stream = client.GetStream();

        await stream.WriteAsync(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"u8.ToArray(),
            Cancel);
        using var answer = new StreamReader(stream);

        Assert.StartsWith("HTTP/1.1 408 ", await answer.ReadToEndAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel));
    }
}
