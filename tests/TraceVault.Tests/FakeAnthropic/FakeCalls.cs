using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.FakeAnthropic;

/// <summary>How the tests of the fake call it: as a client of the API, or byte by byte.</summary>
internal static class FakeCalls
{
    public static CancellationToken Cancel => Patience.Cancel;

    public static HttpClient Client(this FakeAnthropicServer fake)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = fake.Url };
        client.DefaultRequestHeaders.Add("x-api-key", "sk-ant-test");
        client.DefaultRequestHeaders.Add("anthropic-version", "2023-06-01");
        return client;
    }

    public static async Task<HttpResponseMessage> AskAsync(
        this FakeAnthropicServer fake, string? faults = null, bool stream = true, Action<JsonObject>? change = null)
    {
        var body = new JsonObject
        {
            ["model"] = "claude-test",
            ["max_tokens"] = 100,
            ["stream"] = stream,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "hello" }),
        };
        change?.Invoke(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/messages")
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        if (faults is not null)
        {
            request.Headers.Add("anthropic-fake", faults);
        }

        return await fake.Client().SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
    }

    public static async Task<NetworkStream> ConnectAsync(this FakeAnthropicServer fake)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(fake.Url.Host, fake.Url.Port, Cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public static ValueTask WriteAsync(this Stream stream, string text) => stream.WriteAsync(Encoding.Latin1.GetBytes(text), Cancel);

    /// <summary>What arrived before the stream ended, and the exception that ended it, null for a clean end.</summary>
    public static async Task<(byte[] Bytes, Exception? Broken)> ReadToEndAsync(this HttpResponseMessage response)
    {
        var all = new MemoryStream();
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(Cancel);
            await body.CopyToAsync(all, Cancel);
            return (all.ToArray(), null);
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            return (all.ToArray(), broken);
        }
    }
}
