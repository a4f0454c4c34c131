using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;
using TraceVault.Tests.Gateway;

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
        Assert.Equal(
            $$"""{"status":"{{(path.Contains("healthz") ? "ok" : "ready")}}","reason":null}""",
            await answer.Content.ReadAsStringAsync(Cancel));

        using var head = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Cancel);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);

        using var other = await server.Client.GetAsync(path.TrimEnd('/') + "/more", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);

        using var post = await server.Client.PostAsync(path, null, Cancel);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        Assert.Equal(["GET", "HEAD"], post.Content.Headers.Allow);
        Assert.Equal("application/problem+json", post.Content.Headers.ContentType?.MediaType);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_stored_key_that_does_not_open_degrades_a_server_and_only_all_of_them_make_it_unready(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using (var before = await TestServer.StartAsync(database))
        {
            await before.SetUpWithKeyAsync();
        }

        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            insert into users (id, email, email_key, role, password_hash, created_at, updated_at)
                values ('gone', 'o@x', 'o@x', 'member', '-', 0, 0);
            insert into provider_keys (id, owner_kind, owner_id, user_id, provider, sealed, key_id, binding, created_at, updated_at)
                select 'other', owner_kind, 'gone', 'gone', provider, sealed, 'lost', binding, 0, 0 from provider_keys;
            """);
        await using var server = await TestServer.StartAsync(database);
        using var degraded = await server.Client.GetAsync("/readyz", Cancel);
        Assert.Equal(HttpStatusCode.OK, degraded.StatusCode);
        var answer = await degraded.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal("degraded", answer.GetProperty("status").GetString());
        Assert.StartsWith("1 of 2 stored keys cannot be opened", answer.GetProperty("reason").GetString());
        var reason = Assert.Single(answer.GetProperty("reasons").EnumerateArray());
        Assert.Equal(("keys_unreadable", 1), (reason.GetProperty("code").GetString(), reason.GetProperty("count").GetInt32()));

        await connection.ExecuteAsync("delete from provider_keys where user_id <> 'gone'");
        using var unready = await server.Client.GetAsync("/readyz", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unready.StatusCode);

        await connection.ExecuteAsync("delete from provider_keys");
        Assert.Contains("ready", await server.Client.GetStringAsync("/readyz", Cancel));
    }

    /// <summary>A probe waits for a second, and then takes the server away although it still serves.</summary>
    [Fact]
    public async Task While_users_are_served_without_it_readiness_does_not_wait_for_a_database_that_does_not_answer()
    {
        await using var rig = await ProxyRig.StartAsync(engine: "postgres");
        await rig.CallAsync(cancel: Cancel);
        await using var holder = await rig.Database.OpenAsync();
        await holder.ExecuteAsync("begin; lock table first_run in access exclusive mode");

        Assert.Contains("database_unavailable", await rig.Server.Client.GetStringAsync("/readyz", Cancel));

        await holder.ExecuteAsync("rollback");
        var look = rig.Server.Client.GetStringAsync("/readyz", Cancel); // the look that began before, or a new one
        Assert.Contains("\"ready\"", await look);
    }

    [Fact]
    public async Task A_server_is_ready_before_its_endpoints_are_made()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using var app = Program.Build([
            "--Urls=http://127.0.0.1:0",
            $"--DataDir={database.DataDirectory}",
            $"--Database={database.Setting}",
            $"--EncryptionKey={TestServer.MasterKey}"]);
        using var slow = new SlowEndpoints();
        ((IEndpointRouteBuilder)app).DataSources.Add(slow);
        var listens = new TaskCompletionSource();
        app.Lifetime.ApplicationStarted.Register(listens.SetResult);

        var starting = Task.Run(app.StartServerAsync, Cancel);
        await listens.Task.WaitAsync(Cancel);
        using var client = new HttpClient
        {
            BaseAddress = new Uri(
                app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First())
        };
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
