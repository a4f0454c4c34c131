using System.Diagnostics;

namespace TraceVault.Cli.Doctor;

/// <summary>Sends the gateway exactly what a check says: it adds nothing but a user agent, and follows no redirect.</summary>
internal sealed class GatewayClient : IDisposable
{
    /// <summary>The longest answer that is read, in bytes. Whatever a check asks for is shorter.</summary>
    private const int MaxAnswerBytes = 1 << 20;

    private readonly HttpClient _http;

    public GatewayClient(ServerUrl server) => _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = SystemProxy.MayServe(server),
        SslOptions =
        {
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                Certificate = ServerCertificate.Read(certificate, chain, errors);
                return errors is System.Net.Security.SslPolicyErrors.None;
            },
        },
    })
    {
        Timeout = Timeout.InfiniteTimeSpan, // each check has a limit
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    /// <summary>The certificate that the server showed last; null over http.</summary>
    public ServerCertificate? Certificate { get; private set; }

    /// <param name="url">Sent as it is, dot segments included.</param>
    public async Task<Reply> SendAsync(HttpMethod method, string url, CancellationToken cancel, params IEnumerable<Header> headers)
    {
        var start = Stopwatch.GetTimestamp();
        using var request = Request(method, url, headers);
        using var response = await _http.SendAsync(request, cancel);
        return new(
            (int)response.StatusCode,
            response.Headers,
            response.Content.Headers,
            await response.Content.ReadAsByteArrayAsync(cancel),
            Stopwatch.GetElapsedTime(start));
    }

    /// <returns>The answer, as soon as its head is there; the caller disposes it.</returns>
    public async Task<HttpResponseMessage> StreamAsync(
        string url, string json, CancellationToken cancel, params IEnumerable<Header> headers)
    {
        using var request = Request(HttpMethod.Post, url, headers);
        request.Content = new StringContent(
            json, System.Text.Encoding.UTF8, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(HttpMethod method, string url, IEnumerable<Header> headers)
    {
        var request = new HttpRequestMessage(
            method, new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        foreach (var (name, value) in headers.Prepend(new("user-agent", ApiClient.UserAgent)))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}

/// <summary>A request header.</summary>
internal readonly record struct Header(string Name, string Value)
{
    public static readonly Header Version = new("anthropic-version", "2023-06-01");

    public static Header Bearer(string token) => new("authorization", "Bearer " + token);

    public static Header ApiKey(string token) => new("x-api-key", token);
}
