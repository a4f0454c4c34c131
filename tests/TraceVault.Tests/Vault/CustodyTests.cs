using System.Net;
using Dapper;

namespace TraceVault.Tests.Vault;

public class CustodyTests
{
    private const string SecondMasterKey = "k2:7yWqk1uT0mZr8xP5vB3nC6dE9fG2hJ4kL1aS0oI7uYt=";

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task One_users_row_copied_over_anothers_does_not_open(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        var token = await server.SetUpWithKeyAsync();
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            insert into users (id, email, email_key, role, password_hash, created_at, updated_at) values ('other', 'o@x', 'o@x', 'member', '-', 0, 0);
            insert into user_anthropic_keys (user_id, sealed, key_id, max_concurrent, created_at, updated_at)
                select 'other', sealed, key_id, 32, 0, 0 from user_anthropic_keys;
            update auth_sessions set user_id = 'other';
            """);

        var key = await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", token);
        using var request = server.ProxyRequest(token, "/v1/models");
        using var answer = await server.Client.SendAsync(request, Cancel);

        Assert.False(key.GetProperty("readable").GetBoolean());
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("key_unreadable", answer.Headers.GetValues("x-tracevault-error").Single());
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Without_its_master_key_a_stored_key_is_unreadable_and_counted_and_the_server_runs(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        string token;
        await using (var first = await TestServer.StartAsync(database))
        {
            token = await first.SetUpWithKeyAsync();
        }

        await using (var without = await TestServer.StartAsync(database, settings: $"--EncryptionKey={SecondMasterKey}"))
        {
            Assert.Contains("1 of 1 stored provider keys cannot be opened", without.Log.Text);
            Assert.False((await without.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", token)).GetProperty("readable").GetBoolean());
            using var unready = await without.Client.GetAsync("/readyz", Cancel);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, unready.StatusCode);

            // Stored again, it is sealed under the key that is there.
            await without.StoreKeyAsync(token);
            using var ready = await without.Client.GetAsync("/readyz", Cancel);
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        }

        await using var both = await TestServer.StartAsync(database, settings: $"--EncryptionKey=default:{TestServer.MasterKey},{SecondMasterKey}");
        Assert.True((await both.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", token)).GetProperty("readable").GetBoolean());
    }

    [Fact]
    public async Task The_embedded_server_makes_its_key_once_and_does_not_make_another_when_it_is_lost()
    {
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite");
        var file = Path.Combine(database.DataDirectory, "master.key");
        await using (var first = await TestServer.StartAsync(database, settings: "--EncryptionKey="))
        {
            await first.SetUpWithKeyAsync();
            Assert.Single(first.Log.Lines, line => line.Contains("BACK IT UP"));
            Assert.DoesNotContain((await File.ReadAllTextAsync(file, Cancel)).Trim(), first.Log.Text);
        }

        await using (var second = await TestServer.StartAsync(database, settings: "--EncryptionKey="))
        {
            Assert.DoesNotContain("BACK IT UP", second.Log.Text);
            Assert.Contains("keys that open: 1 of 1", second.Log.Text);
        }

        File.Delete(file);
        var problem = await Assert.ThrowsAsync<TraceVault.Settings.StartupException>(() => TestServer.StartAsync(database, settings: "--EncryptionKey="));
        Assert.Contains("restore it from your backup", problem.Message);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task A_key_file_that_its_owner_may_only_read_is_enough_and_one_open_to_others_is_closed()
    {
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite");
        var file = Path.Combine(database.DataDirectory, "master.key");
        await File.WriteAllTextAsync(file, TestServer.MasterKey, Cancel);
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        await using (await TestServer.StartAsync(database, settings: "--EncryptionKey="))
        {
            Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(file));
        }

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        await using var server = await TestServer.StartAsync(database, settings: "--EncryptionKey=");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task On_PostgreSQL_a_server_without_a_master_key_does_not_start()
    {
        await using var database = await TestDatabase.CreateAsync("postgres");
        var problem = await Assert.ThrowsAsync<TraceVault.Settings.StartupException>(() => TestServer.StartAsync(database, settings: "--EncryptionKey="));
        Assert.StartsWith("TRACEVAULT_ENCRYPTION_KEY is not set", problem.Message);
    }

    [Fact]
    public async Task A_master_key_is_read_from_a_file()
    {
        await using var database = await TestDatabase.CreateAsync("postgres");
        var file = Path.Combine(database.DataDirectory, "secret");
        await File.WriteAllTextAsync(file, TestServer.MasterKey + "\n", Cancel);

        await using var server = await TestServer.StartAsync(database, settings: ["--EncryptionKey=", $"--EncryptionKeyFile={file}"]);

        Assert.True((await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", await server.SetUpWithKeyAsync())).GetProperty("readable").GetBoolean());
    }
}
