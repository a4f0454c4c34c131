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
            insert into users (id, email, email_key, role, password_hash, created_at, updated_at)
                values ('other', 'o@x', 'o@x', 'member', '-', 0, 0);
            insert into provider_keys (id, owner_kind, owner_id, user_id, provider, sealed, key_id, binding, created_at, updated_at)
                select 'another', owner_kind, 'other', 'other', provider, sealed, key_id, binding, 0, 0 from provider_keys;
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
            Assert.False(
                (await without.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", token)).GetProperty("readable").GetBoolean());
            using var unready = await without.Client.GetAsync("/readyz", Cancel);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, unready.StatusCode);

            // A key that is stored again is sealed under the master key that is there.
            await without.StoreKeyAsync(token);
            using var ready = await without.Client.GetAsync("/readyz", Cancel);
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        }

        await using var both = await TestServer.StartAsync(
            database, settings: $"--EncryptionKey=default:{TestServer.MasterKey},{SecondMasterKey}");
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
        var problem = await Assert.ThrowsAsync<TraceVault.Settings.StartupException>(
            () => TestServer.StartAsync(database, settings: "--EncryptionKey="));
        Assert.Contains("restore it from your backup", problem.Message);
        Assert.False(File.Exists(file));
    }

    [Theory, InlineData(""), InlineData("\n")]
    public async Task A_key_file_that_a_full_disk_left_empty_is_written_anew_while_nothing_is_stored(string left)
    {
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite");
        var file = Path.Combine(database.DataDirectory, "master.key");
        await File.WriteAllTextAsync(file, left, Cancel);
        await File.WriteAllTextAsync(file + ".new", "half a k", Cancel);
        await File.WriteAllTextAsync(Path.Combine(database.DataDirectory, "tracevault.db"), "", Cancel);
        await using (var first = await TestServer.StartAsync(database, settings: "--EncryptionKey="))
        {
            await first.SetUpWithKeyAsync();
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.False(File.Exists(file + ".new"));
        }

        await File.WriteAllTextAsync(file, left, Cancel);
        var problem = await Assert.ThrowsAsync<TraceVault.Settings.StartupException>(
            () => TestServer.StartAsync(database, settings: "--EncryptionKey="));
        Assert.Contains("is empty: restore it from your backup", problem.Message);
        Assert.Equal(left, await File.ReadAllTextAsync(file, Cancel));
    }

    [Fact]
    public async Task A_key_file_that_was_cut_short_is_left_as_it_is_and_explained()
    {
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite");
        var file = Path.Combine(database.DataDirectory, "master.key");
        var cut = TestServer.MasterKey[..8];
        await File.WriteAllTextAsync(file, cut, Cancel);
        var first = await Assert.ThrowsAsync<TraceVault.Settings.StartupException>(
            () => TestServer.StartAsync(database, settings: "--EncryptionKey="));
        Assert.Contains("6 bytes and needs 32. Make one", first.Message);

        await using (var server = await TestServer.StartAsync(database))
        {
            await server.SetUpWithKeyAsync();
        }

        var later = await Assert.ThrowsAsync<TraceVault.Settings.StartupException>(
            () => TestServer.StartAsync(database, settings: "--EncryptionKey="));
        Assert.Contains("restore the file from your backup", later.Message);
        Assert.DoesNotContain("Make one", later.Message);
        Assert.Equal(cut, await File.ReadAllTextAsync(file, Cancel));
    }

    [Fact]
    public async Task A_first_start_on_a_full_disk_says_so_and_the_next_one_with_space_works()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A file system of a few kilobytes is made by mount.");
        var folder = Directory.CreateTempSubdirectory("tracevault-test-");
        await using (var server = ServerProcess.StartByShell(
            """
            if unshare --mount true; then name=--mount; else name=--map-root-user; fi
            exec unshare --mount $name sh -ec '
                mount -t tmpfs -o size=4k none "$FOLDER" || { echo "No file system can be mounted here."; exit 0; }
                head -c 4096 /dev/zero > "$FOLDER/other"
                "$0" || echo "The first start ended with $?."
                ls -s "$FOLDER/data"
                rm "$FOLDER/other"
                mount -o remount,size=64m "$FOLDER"
                exec "$0"' "$0"
            """,
            new Dictionary<string, string>
            {
                ["FOLDER"] = folder.FullName,
                ["TRACEVAULT_DATA_DIR"] = Path.Combine(folder.FullName, "data")
            }))
        {
            var first = await server.RestOfLineAsync("tracevault-server: ", Cancel);
            Assert.StartsWith($"The master key file {folder.FullName}/data/master.key cannot be created: No space left on device", first);
            using var client = new HttpClient { BaseAddress = await server.UrlAsync(Cancel) };
            using var ready = await client.GetAsync("/readyz", Cancel);
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
            Assert.Contains("The first start ended with 1.", server.Output);
            Assert.DoesNotContain("Exception", server.Output);
        }

        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("--EncryptionKeyFile=/nowhere/key", "TRACEVAULT_ENCRYPTION_KEY_FILE")]
    [InlineData("--EncryptionKeyFile=/dev", "TRACEVAULT_ENCRYPTION_KEY_FILE")]
    [InlineData("--EncryptionKeyFile=/dev/null", "TRACEVAULT_ENCRYPTION_KEY_FILE")]
    [InlineData("--DataDir=/dev/null/data", "TRACEVAULT_DATA_DIR")]
    [InlineData("--Database=sqlite:/dev/null/data/tracevault.db", "TRACEVAULT_DATABASE")]
    [InlineData("--Database=sqlite:/dev", "TRACEVAULT_DATABASE")]
    [InlineData("--Database=postgres://u:hunter2@127.0.0.1:1/db?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "TRACEVAULT_DATABASE")]
    public async Task A_path_that_leads_nowhere_names_the_setting_that_holds_it(string setting, string name)
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        string[] settings = setting.Contains("Database", StringComparison.Ordinal)
            ? [setting]
            : [setting, "--Database=sqlite", "--EncryptionKey="];
        var problem = await Assert.ThrowsAsync<TraceVault.Settings.StartupException>(
            () => TestServer.StartAsync(database, settings: settings));
        Assert.Contains(name, problem.Message);
        Assert.DoesNotContain("hunter2", problem.Message);
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
        var problem = await Assert.ThrowsAsync<TraceVault.Settings.StartupException>(
            () => TestServer.StartAsync(database, settings: "--EncryptionKey="));
        Assert.StartsWith("TRACEVAULT_ENCRYPTION_KEY is not set", problem.Message);
    }

    [Fact]
    public async Task A_master_key_is_read_from_a_file()
    {
        await using var database = await TestDatabase.CreateAsync("postgres");
        var file = Path.Combine(database.DataDirectory, "secret");
        await File.WriteAllTextAsync(file, TestServer.MasterKey + "\n", Cancel);

        await using var server = await TestServer.StartAsync(database, settings: ["--EncryptionKey=", $"--EncryptionKeyFile={file}"]);

        Assert.True((await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", await server.SetUpWithKeyAsync()))
            .GetProperty("readable").GetBoolean());
    }
}
