using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace TraceVault.Tests.Operations;

public class HealthTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, InlineData("/healthz"), InlineData("/readyz"), InlineData("/healthz/"), InlineData("/ReadyZ")]
    public async Task Health_answers_without_a_credential_and_to_reads_alone(string path)
    {
        await using var server = await TestServer.StartAsync();
        using var answer = await server.Client.GetAsync(path, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("""{"status":"ok","reason":null}""", await answer.Content.ReadAsStringAsync(Cancel));

        using var head = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Cancel);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);

        using var other = await server.Client.GetAsync(path.TrimEnd('/') + "/more", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);

        using var post = await server.Client.PostAsync(path, null, Cancel);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        Assert.Equal(["GET", "HEAD"], post.Content.Headers.Allow);
        Assert.Equal("application/problem+json", post.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_server_is_ready_before_its_endpoints_are_made()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using var app = Program.Build(["--Urls=http://127.0.0.1:0", $"--DataDir={database.DataDirectory}", $"--Database={database.Setting}", $"--EncryptionKey={TestServer.MasterKey}"]);
        using var slow = new SlowEndpoints();
        ((IEndpointRouteBuilder)app).DataSources.Add(slow);
        var listens = new TaskCompletionSource();
        app.Lifetime.ApplicationStarted.Register(listens.SetResult);

        var starting = Task.Run(app.StartServerAsync, Cancel);
        await listens.Task.WaitAsync(Cancel);
        using var client = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()) };
        using var ready = await client.GetAsync("/readyz", Cancel);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        using var proxied = await client.GetAsync("/proxy/anthropic/v1/models", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, proxied.StatusCode);
        Assert.False(starting.IsCompleted);

        slow.Gate.Set();
        await starting;
        using var page = await client.GetAsync("/auth/login", Cancel);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    private sealed class SlowEndpoints : EndpointDataSource, IDisposable
    {
        public ManualResetEventSlim Gate { get; } = new();

        public override IReadOnlyList<Endpoint> Endpoints
        {
            get
            {
                Gate.Wait(Cancel);
                return [];
            }
        }

        public override IChangeToken GetChangeToken() => NullChangeToken.Singleton;

        public void Dispose() => Gate.Dispose();
    }
}
