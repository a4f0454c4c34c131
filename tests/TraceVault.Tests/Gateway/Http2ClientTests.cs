using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace TraceVault.Tests.Gateway;

/// <summary>Clients that speak HTTP/2 to the server, over TLS, all their requests on one connection.</summary>
public sealed class Http2ClientTests : IAsyncLifetime
{
    private readonly RawUpstream _upstream = new();
    private TestDatabase _database = null!;
    private TestServer _server = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync("sqlite");
        var file = Path.Combine(_database.DataDirectory, "server.pem");
        using var certificate = TestCertificate.Create();
        using var key = certificate.GetECDsaPrivateKey()!;
        var thumbprint = certificate.Thumbprint;
        await File.WriteAllTextAsync(file, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}", Patience.Cancel);
        _server = await TestServer.StartAsync(
            _database,
            _upstream.Url,
            settings: [
                "--Urls=http://127.0.0.1:0;https://127.0.0.1:0",
                $"--Kestrel:Certificates:Default:Path={file}",
                $"--Kestrel:Certificates:Default:KeyPath={file}"]);
        var token = await _server.SetUpWithKeyAsync(maxConcurrent: 8);
        var addresses = _server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        var handler = new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, given, _, _) => given?.GetCertHashString() == thumbprint },
            EnableMultipleHttp2Connections = false
        };
        _client = new HttpClient(handler)
        {
            BaseAddress = new Uri(addresses.Single(address => address.StartsWith("https:", StringComparison.Ordinal))),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.Add("x-api-key", token);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        await _upstream.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Each_stream_gets_its_own_answer()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            var path = _upstream.Answer("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", $"1\r\n{i}\r\n", "0\r\n\r\n");
            using var answer = await SendAsync(path, new StringContent($"body {i}"));
            Assert.Equal(HttpVersion.Version20, answer.Version);
            return await answer.Content.ReadAsStringAsync(Patience.Cancel);
        }));

        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7"], answers);
    }

    /// <summary>The bodies are far larger than the windows of HTTP/2.</summary>
    [Fact]
    public async Task Large_bodies_pass_both_ways_while_the_client_reads_late()
    {
        var body = new byte[6 << 20];
        new Random(11).NextBytes(body);
        using var begun = new SemaphoreSlim(0);
        byte[]? received = null;
        var path = _upstream.Script(async request =>
        {
            received = await request.ReadBodyAsync();
            await request.SendAsync($"HTTP/1.1 200 OK\r\ncontent-length: {body.Length}\r\n\r\n");
            begun.Release();
            await request.SendAsync(body);
        });
        using var answer = await SendAsync(path, new ByteArrayContent(body));
        await begun.WaitAsync(Patience.Cancel);
        using var small = await SendAsync(_upstream.Answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), new StringContent("{}"));

        Assert.Equal("ok", await small.Content.ReadAsStringAsync(Patience.Cancel)); // is not held up by the answer that nobody reads
        Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync(Patience.Cancel));
        Assert.Equal(body, received);
    }

    [Fact]
    public async Task A_stream_that_the_client_resets_ends_its_request_and_no_other()
    {
        using var proceed = new SemaphoreSlim(0);
        var left = new TaskCompletionSource();
        var leaving = _upstream.Script(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
            await request.Connection.ProxyLeftAsync();
            left.SetResult();
        });
        var staying = _upstream.Script(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
            await proceed.WaitAsync(request.Cancel);
            await request.SendAsync("1\r\nb\r\n0\r\n\r\n");
        });
        using var stays = await SendAsync(staying);
        (await SendAsync(leaving)).Dispose();

        await left.Task.WaitAsync(Patience.Cancel);
        proceed.Release();
        Assert.Equal("ab", await stays.Content.ReadAsStringAsync(Patience.Cancel));
        await _server.Log.WaitForAsync($"{leaving} client_left", Patience.Cancel);
    }

    [Fact]
    public async Task An_upstream_that_dies_resets_the_stream_and_no_other()
    {
        var path = _upstream.Script(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\na");
            request.Connection.Close();
        });
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () => // the head may be lost with the rest
        {
            using var dying = await SendAsync(path);
            await dying.Content.ReadAsStringAsync(Patience.Cancel);
        });

        using var next = await SendAsync(_upstream.Answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), new StringContent("{}"));
        Assert.Equal("ok", await next.Content.ReadAsStringAsync(Patience.Cancel));
    }

    [Fact]
    public async Task The_cap_counts_streams()
    {
        var waiting = _upstream.Script(request => request.SendAsync("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"));
        var running = new List<HttpResponseMessage>();
        for (var i = 0; i < 8; i++)
        {
            running.Add(await SendAsync(waiting));
        }

        using var refused = await SendAsync(waiting);
        running.ForEach(answer => answer.Dispose());

        Assert.Equal(
            (HttpStatusCode.TooManyRequests, "too_many_requests"),
            (refused.StatusCode, refused.Headers.GetValues("x-tracevault-error").Single()));
    }

    private Task<HttpResponseMessage> SendAsync(string path, HttpContent? body = null) => _client.SendAsync(
        new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, "/proxy/anthropic" + path)
        {
            Content = body,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact
        },
        HttpCompletionOption.ResponseHeadersRead,
        Patience.Cancel);
}
