using System.Net;
using System.Security.Cryptography;
using Dapper;
using FluentMigrator.Runner;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Keys;
using TraceVault.Providers.Anthropic;
using TraceVault.Storage;

namespace TraceVault.Tests.Keys;

/// <summary>What version 0.1.0 stored is still good, under the names and the seals of today.</summary>
public class KeyMoveTests
{
    private const long SchemaOfFirstVersion = 9;

    /// <summary>
    /// The one user of a database that the published server of 0.1.0 wrote with <see cref="TestServer.MasterKey"/>; their cap is 7.
    /// </summary>
    private const string UserId = "01a22f75-bb4c-7fdf-b10b-669a7aedc90e";

    private const string PasswordHash = "AQAAAAIAAzRQAAAAEKHvbucHki0OhQiIcj7uM27p7Z1LtahD00lX0XZH1mZ8vJ3sUxfyc02g0TzHPirrCw==";

    private static readonly byte[] Sealed = Convert.FromHexString(
        "019956bcaf0a2055104acdf82f3bcd28b6d4527aa58814793720de31c671b7346ef497ea995520bb1ae750984a1e786777b7cff9413eb3c15ddd4180"
        + "ddc61351a708eaa496ed4d15cd343202");

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_key_of_the_first_version_is_sealed_anew_and_serves_on(string engine)
    {
        await using var upstream = await TraceVault.FakeAnthropic.FakeAnthropicServer.StartAsync(
            new() { ApiKey = TestServer.AnthropicKey }, Cancel);
        await using var database = await OfFirstVersionAsync(engine);
        for (var start = 1; start <= 2; start++)
        {
            await using var server = await TestServer.StartAsync(database, upstream.Url);
            var token = await server.LogInAsync();

            Assert.Equal(start == 1, server.Log.Text.Contains("sealed anew, each bound to its owner and row: 1", StringComparison.Ordinal));
            Assert.Contains("Stored provider keys that open: 1 of 1", server.Log.Text);
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, token));
            Assert.Equal(
                7, (await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", token)).GetProperty("max_concurrent").GetInt64());
        }

        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleAsync<(long Binding, byte[] Sealed)>("select binding, sealed from provider_keys");
        Assert.Equal(KeyVault.Binding, row.Binding);
        Assert.NotEqual(Sealed, row.Sealed);
    }

    /// <summary>A key that does not open is not changed: the right master key opens it at a later start.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task One_that_does_not_open_waits_for_its_master_key(string engine)
    {
        await using var database = await OfFirstVersionAsync(engine);
        await using (var other = await TestServer.StartAsync(
            database, settings: $"--EncryptionKey=default:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}"))
        {
            Assert.Contains("1 of 1 stored provider keys cannot be opened", other.Log.Text);
        }

        await using var connection = await database.OpenAsync();
        Assert.Equal(Sealed, await connection.QuerySingleAsync<byte[]>("select sealed from provider_keys where binding = 1"));
        await using var server = await TestServer.StartAsync(database);
        Assert.Contains("Stored provider keys that open: 1 of 1", server.Log.Text);
        Assert.Equal(KeyVault.Binding, await connection.QuerySingleAsync<long>("select binding from provider_keys"));
    }

    /// <summary>As when the process is killed between two rows, or a user stores another key at that moment.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_changed_meanwhile_is_not_overwritten(string engine)
    {
        await using var database = await OfFirstVersionAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        var (keys, vault) = (server.Services.GetRequiredService<ProviderKeys>(), server.Services.GetRequiredService<KeyVault>());
        var before = (await keys.FindAsync(UserId, AnthropicProvider.Id, Cancel))!.SealedKey;
        await server.StoreKeyAsync(await server.LogInAsync(), "sk-ant-api03-another-key-0123456789");

        await keys.ResealAsync([(before, vault.Seal(vault.Open(before), before.Id, before.Owner, before.Provider))], Cancel);

        var after = (await keys.FindAsync(UserId, AnthropicProvider.Id, Cancel))!.SealedKey;
        Assert.Equal("sk-ant-api03-another-key-0123456789", vault.Open(after).Reveal());
    }

    /// <summary>Other people's scripts read the old table.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_old_table_is_still_there_to_be_read(string engine)
    {
        await using var database = await OfFirstVersionAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        await using var connection = await database.OpenAsync();

        var row = await connection.QuerySingleAsync<(
            string UserId, byte[] Sealed, string KeyId, long Cap, long CreatedAt, long UpdatedAt, long? LastUsedAt)>(
            "select user_id, sealed, key_id, max_concurrent, created_at, updated_at, last_used_at from user_anthropic_keys");

        Assert.Equal((UserId, "default", 7, 1796092574679, 1796092574679, null),
            (row.UserId, row.KeyId, row.Cap, row.CreatedAt, row.UpdatedAt, row.LastUsedAt));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_cap_stays_when_the_key_goes(string engine)
    {
        await using var database = await OfFirstVersionAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        var token = await server.LogInAsync();

        using var removed = await server.ApiAsync(HttpMethod.Delete, "/api/v1/me/anthropic-key", token);
        Assert.Equal(
            7, (await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", token)).GetProperty("max_concurrent").GetInt64());
        await server.StoreKeyAsync(token);
        Assert.Equal(
            7, (await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", token)).GetProperty("max_concurrent").GetInt64());
    }

    private static async Task<HttpStatusCode> StatusAsync(TestServer server, string token)
    {
        using var request = server.ProxyRequest(token, "/v1/models");
        using var answer = await server.Client.SendAsync(request, Cancel);
        return answer.StatusCode;
    }

    private static async Task<TestDatabase> OfFirstVersionAsync(string engine)
    {
        var database = await TestDatabase.CreateEmptyAsync(engine);
        await using (
            var storage = new Database(new StorageOptions { Database = database.Setting }, new(new() { DataDir = database.DataDirectory })))
        {
            await storage.PrepareFileAsync();
            await using var services = Migrator.Services(storage);
            using var scope = services.CreateScope();
            scope.ServiceProvider.GetRequiredService<IMigrationRunner>().MigrateUp(SchemaOfFirstVersion);
        }

        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            insert into first_run (id, completed_at) values (1, 1796092574541);
            insert into users (id, email, email_key, role, password_hash, created_at, updated_at)
                values (@UserId, @Email, @Email, 'owner', @PasswordHash, 1796092574541, 1796092574541);
            insert into user_anthropic_keys (user_id, sealed, key_id, max_concurrent, created_at, updated_at)
                values (@UserId, @Sealed, 'default', 7, 1796092574679, 1796092574679);
            """,
            new { UserId, TestServer.Email, PasswordHash, Sealed });
        return database;
    }
}
