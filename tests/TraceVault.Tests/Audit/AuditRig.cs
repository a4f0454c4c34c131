using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Time.Testing;

namespace TraceVault.Tests.Audit;

/// <summary>A server that was set up, on either engine, with a look into its audit log.</summary>
internal sealed class AuditRig : IAsyncDisposable
{
    public const string Client = "laptop/1.0";

    private readonly TestDatabase _database;

    private AuditRig(TestDatabase database, TestServer server, string token, string ownerId) =>
        (_database, Server, Token, OwnerId) = (database, server, token, ownerId);

    public TestServer Server { get; }

    /// <summary>The owner's session token.</summary>
    public string Token { get; }

    public string OwnerId { get; }

    public static DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A second passes before each call, so that events have an order.</summary>
    public FakeTimeProvider Clock { get; private init; } = null!;

    public static async Task<AuditRig> StartAsync(string engine)
    {
        var database = await TestDatabase.CreateAsync(engine);
        var clock = new FakeTimeProvider(Start);
        var server = await TestServer.StartAsync(database, clock: clock);
        server.Client.DefaultRequestHeaders.UserAgent.ParseAdd(Client);
        var token = await server.SetUpAsync();
        var id = (await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", token)).GetProperty("id").GetString()!;
        return new AuditRig(database, server, token, id) { Clock = clock };
    }

    public Task<HttpResponseMessage> CallAsync(HttpMethod method, string path, object? body = null)
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        return Server.ApiAsync(method, path, Token, body);
    }

    public Task<HttpResponseMessage> LogInAsync(string email, string password = TestServer.Password)
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        return Server.Client.PostAsJsonAsync("/api/v1/auth/login", new { email, password }, Patience.Cancel);
    }

    /// <summary>Adds a user who signs in with the owner's password.</summary>
    /// <returns>Their session token.</returns>
    public async Task<string> AddUserAsync(string email, string role)
    {
        await ExecuteAsync(
            "insert into users (id, email, email_key, role, password_hash, created_at, updated_at) "
                + "select @email, @email, @key, @role, password_hash, 0, 0 from users where id = @OwnerId",
            new { email, key = email.ToLowerInvariant(), role, OwnerId });
        using var answer = await LogInAsync(email);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Patience.Cancel)).GetProperty("token").GetString()!;
    }

    /// <returns>All events since the rig was made, the oldest first, one text each.</returns>
    public async Task<IReadOnlyList<string>> EventsAsync()
    {
        await using var connection = await _database.OpenAsync();
        return (await connection.QueryAsync<string>(
            """
            select action || ' ' || outcome || ' by ' || coalesce(actor_email, '-') || ' on ' || coalesce(subject_email, '-')
                || coalesce(' (' || target || ')', '') || ' from ' || coalesce(client, '-') || ' ' || coalesce(address, '-')
            from audit_events where at > @start order by id
            """,
            new { start = Start.ToUnixTimeMilliseconds() })).AsList();
    }

    public async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await _database.OpenAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    public async Task<long> CountAsync(string from)
    {
        await using var connection = await _database.OpenAsync();
        return await connection.ExecuteScalarAsync<long>($"select count(*) from {from}");
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _database.DisposeAsync();
    }
}
