using System.Net;
using System.Text.Json;

namespace TraceVault.Tests.Capture;

/// <summary>What a user does with what was recorded of them.</summary>
internal static class Records
{
    /// <summary>Sets what the server keeps, as an owner.</summary>
    public static async Task KeepAsync(this RunningServer server, string token, string mode)
    {
        using var answer = await server.ApiAsync(HttpMethod.Put, "/api/v1/capture", token, new { mode });
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Waits until the exchange is recorded.</summary>
    public static async Task<JsonElement> ExchangeAsync(this RunningServer server, string token, string id)
    {
        using var answer = await WaitAsync(server, token, $"/api/v1/exchanges/{id}");
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync(Patience.Cancel));
    }

    /// <param name="side"><c>request</c> or <c>response</c>.</param>
    public static async Task<byte[]> BodyAsync(this RunningServer server, string token, string id, string side)
    {
        using var answer = await WaitAsync(server, token, $"/api/v1/exchanges/{id}/{side}");
        return await answer.Content.ReadAsByteArrayAsync(Patience.Cancel);
    }

    public static string IdOf(HttpResponseMessage answer) => answer.Headers.GetValues("x-tracevault-request-id").Single();

    /// <summary>The recorder writes a batch some time after the exchanges ended: until then the answer is 404 or 409.</summary>
    private static async Task<HttpResponseMessage> WaitAsync(RunningServer server, string token, string path)
    {
        var cancel = Patience.Cancel;
        while (true)
        {
            var answer = await server.ApiAsync(HttpMethod.Get, path, token);
            if (answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.Conflict))
            {
                return answer.EnsureSuccessStatusCode();
            }

            answer.Dispose();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancel);
        }
    }
}
