using System.Data.Common;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using FluentMigrator.Runner;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Keys;
using TraceVault.Providers.Anthropic;
using TraceVault.Settings;
using TraceVault.Storage;
using TraceVault.Vault;

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

    /// <summary>
    /// Two hundred keys are sealed anew in one transaction. A start that gets no further leaves the others as they were, and the next start
    /// goes on with those.
    /// </summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_start_that_stops_between_two_parts_is_continued_by_the_next(string engine)
    {
        const int Part = 200;
        await using var database = await OfFirstVersionAsync(engine);
        await using var connection = await database.OpenAsync();
        var keys = await AddUsersAsync(connection, Part + 4);
        keys[UserId] = TestServer.AnthropicKey;
        await MigrateAsync(database, Migrator.NewestKnown);
        await connection.ExecuteAsync(engine == "sqlite"
            ? """
              create trigger stop before update on provider_keys when (select count(*) from provider_keys where binding = 2) = 200
              begin select raise(abort, 'stopped here'); end
              """
            : """
              create function stop() returns trigger language plpgsql as $$ begin
                  if (select count(*) from provider_keys where binding = 2) = 200 then raise exception 'stopped here'; end if;
                  return new;
              end $$;
              create trigger stop before update on provider_keys for each row execute function stop();
              """);

        var problem = await Assert.ThrowsAnyAsync<DbException>(() => TestServer.StartAsync(database));

        Assert.Contains("stopped here", problem.Message);
        Assert.Equal((Part, 5), (await CountAsync(KeyVault.Binding), await CountAsync(KeyVault.FirstBinding)));
        await connection.ExecuteAsync(engine == "sqlite" ? "drop trigger stop" : "drop trigger stop on provider_keys");
        await using var server = await TestServer.StartAsync(database);
        Assert.Contains("sealed anew, each bound to its owner and row: 5", server.Log.Text);
        Assert.Equal((keys.Count, 0), (await CountAsync(KeyVault.Binding), await CountAsync(KeyVault.FirstBinding)));
        var vault = server.Services.GetRequiredService<KeyVault>();
        var stored = await server.Services.GetRequiredService<ProviderKeys>().ListAsync("", int.MaxValue, Cancel);
        Assert.Equal(keys, stored.ToDictionary(key => key.Owner.Id, key => vault.Open(key).Reveal()));

        Task<int> CountAsync(long binding) =>
            connection.ExecuteScalarAsync<int>("select count(*) from provider_keys where binding = @binding", new { binding });
    }

    /// <summary>As when a user stores another key at that moment.</summary>
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

    /// <summary>A view does not inherit what was granted on the table whose name it takes.</summary>
    [Fact]
    public async Task Whoever_could_read_the_old_table_can_read_it_still()
    {
        var cluster = await PostgresCluster.GetAsync();
        var role = $"Reader {Guid.NewGuid():N}";
        await cluster.AdministerAsync($"create role \"{role}\"");
        await using (var database = await OfFirstVersionAsync("postgres"))
        {
            await using var connection = await database.OpenAsync();
            await connection.ExecuteAsync($"grant select, insert on user_anthropic_keys to \"{role}\" with grant option");
            await connection.ExecuteAsync("grant select (user_id, updated_at) on user_anthropic_keys to public");

            await using var server = await TestServer.StartAsync(database);

            Assert.True(await connection.ExecuteScalarAsync<bool>(
                "select has_table_privilege(@role, 'user_anthropic_keys', 'select with grant option')", new { role }));
            Assert.Equal(
                [("sealed", false), ("updated_at", true), ("user_id", true)],
                await connection.QueryAsync<(string, bool)>(
                    """
                    select name, has_column_privilege('pg_monitor', 'user_anthropic_keys', name, 'select')
                    from unnest(array['sealed', 'updated_at', 'user_id']) name
                    """));
            Assert.False(await connection.ExecuteScalarAsync<bool>(
                "select has_table_privilege(@role, 'provider_keys', 'select')", new { role }));
        }

        await cluster.AdministerAsync($"drop role \"{role}\"");
    }

    /// <summary>PostgreSQL drops no table from which a view is made. Nothing is lost: without the view, the next start goes on.</summary>
    [Fact]
    public async Task A_view_on_the_old_table_stops_the_start_with_a_line_that_says_so()
    {
        await using var database = await OfFirstVersionAsync("postgres");
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("create view mine as select user_id from user_anthropic_keys");

        var problem = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(database));

        Assert.Contains("cannot drop table user_anthropic_keys because other objects depend on it", problem.Message);
        await connection.ExecuteAsync("drop view mine");
        await using var server = await TestServer.StartAsync(database);
        Assert.Contains("Stored provider keys that open: 1 of 1", server.Log.Text);
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
        await MigrateAsync(database, SchemaOfFirstVersion);
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

    private static async Task MigrateAsync(TestDatabase database, long version)
    {
        await using var storage = new Database(
            new StorageOptions { Database = database.Setting }, new(new() { DataDir = database.DataDirectory }));
        await storage.PrepareFileAsync();
        await using var services = Migrator.Services(storage);
        using var scope = services.CreateScope();
        scope.ServiceProvider.GetRequiredService<IMigrationRunner>().MigrateUp(version);
    }

    /// <summary>Adds users as version 0.1.0 stored them, each with a key of their own.</summary>
    /// <returns>The keys in clear, by user.</returns>
    private static async Task<Dictionary<string, string>> AddUsersAsync(DbConnection connection, int count)
    {
        var keys = Enumerable.Range(1, count).ToDictionary(i => $"user-{i}", i => $"sk-ant-api03-key-number-{i:D4}");
        using var cipher = SealedBytes.CipherUnder(KeyRing.Parse(TestServer.MasterKey, "S").Sealing, "tracevault/provider-key/v1");
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await connection.ExecuteAsync(
            """
            insert into users (id, email, email_key, role, password_hash, created_at, updated_at)
                values (@Key, @Key, @Key, 'member', 'x', 1, 1);
            insert into user_anthropic_keys (user_id, sealed, key_id, max_concurrent, created_at, updated_at)
                values (@Key, @Sealed, 'default', 7, 1, 1);
            """,
            keys.Select(user => new
            {
                user.Key,
                Sealed = SealedBytes.Seal(cipher, Encoding.ASCII.GetBytes(user.Value),
                    Encoding.ASCII.GetBytes($"user_anthropic_keys\0default\0{user.Key}\0anthropic")),
            }),
            transaction);
        await transaction.CommitAsync(Cancel);
        return keys;
    }
}
