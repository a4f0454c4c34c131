using System.Data.Common;
using System.Net;
using System.Reflection;
using Dapper;
using FluentMigrator;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Settings;
using TraceVault.Storage;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Storage;

public class StorageTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task Eight_servers_start_at_once_on_one_empty_database()
    {
        await using var database = await TestDatabase.CreateEmptyAsync("postgres");

        var servers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => TestServer.StartAsync(database))));

        foreach (var server in servers)
        {
            using var ready = await server.Client.GetAsync("/readyz", Cancel);
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        }

        Assert.Single(servers, server => server.Log.Text.Contains("now at schema"));
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public void The_newest_schema_is_that_of_the_last_migration() =>
        Assert.Equal(
            typeof(Migrator).Assembly.GetTypes().Max(type => type.GetCustomAttribute<MigrationAttribute>()?.Version), Migrator.NewestKnown);

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_restart_keeps_everything(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        string token;
        await using (var first = await TestServer.StartAsync(database))
        {
            token = await first.SetUpWithKeyAsync();
        }

        await using var second = await TestServer.StartAsync(database);

        Assert.True((await second.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", token)).GetProperty("readable").GetBoolean());
        Assert.DoesNotContain("now at schema", second.Log.Text);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task An_older_server_refuses_a_newer_schema_and_changes_nothing(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using (await TestServer.StartAsync(database))
        {
        }

        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("insert into schema_versions (version) values (99)");

        var problem = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(database));

        Assert.Contains("newer TraceVault (schema 99", problem.Message);
    }

    [Fact]
    public async Task The_embedded_database_is_tuned_and_closed_to_others()
    {
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite");
        await using var server = await TestServer.StartAsync(database);
        await server.SetUpAsync();
        await using var connection = await database.OpenAsync();

        Assert.Equal("wal", await connection.ExecuteScalarAsync<string>("pragma journal_mode"));
        if (!OperatingSystem.IsWindows())
        {
            Assert.All(
                Directory.GetFiles(database.DataDirectory),
                file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        }
    }

    [Fact]
    public async Task A_second_server_on_one_embedded_database_is_refused()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using var server = await TestServer.StartAsync(database);

        var problem = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(database));

        Assert.Contains("another TraceVault server", problem.Message);
    }

    [Theory]
    [InlineData("oracle://x", "sqlite, sqlite:PATH or a postgres")]
    [InlineData("postgres://user:hunter2@host:5432", "postgres://user:password@host")]
    [InlineData("postgres://user:hunter2@host/db?sslmode=sometimes", "sslmode takes")]
    [InlineData("postgres://user:hunter2@host/db?frobnicate=1", "frobnicate is not known")]
    [InlineData("postgres://user:hunter2@host/db?channel_binding=perhaps", "channel_binding takes disable, prefer or require")]
    [InlineData("postgres://user:hunter2@host/db?connect_timeout=5000", "connect_timeout takes seconds, 1 to 1024")]
    [InlineData("postgres://user:hunter2@127.0.0.1:1/db", "cannot be used")]
    public async Task A_database_that_cannot_be_used_stops_the_start_without_showing_the_password(string setting, string reason)
    {
        var problem = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(settings: $"--Database={setting}"));

        Assert.Contains(reason, problem.Message);
        Assert.DoesNotContain("hunter2", problem.Message);
    }

    /// <summary>In the form in which Neon shows it.</summary>
    [Fact]
    public async Task A_database_that_asks_for_channel_binding_is_reached_with_it_and_with_nothing_less()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("TEST_POSTGRES") is null or "", "The server that TEST_POSTGRES names may speak no TLS.");
        await using var database = await TestDatabase.CreateAsync("postgres");
        var url = database.Setting.Split('?')[0];
        await using (var server = await TestServer.StartAsync(
            database, settings: $"--Database={url}?sslmode=require&channel_binding=require"))
        {
            await server.SetUpWithKeyAsync();
        }

        var problem = await Assert.ThrowsAsync<StartupException>(
            () => TestServer.StartAsync(database, settings: $"--Database={url}?sslmode=disable&channel_binding=require"));
        Assert.Contains("TRACEVAULT_DATABASE", problem.Message);
    }

    [Fact]
    public async Task A_rollback_that_fails_gives_the_turn_back()
    {
        await using var server = await TestServer.StartAsync();
        var database = server.Services.GetRequiredService<Database>();
        var connection = await database.OpenWriterAsync(Cancel);
        await using (var transaction = await connection.BeginTransactionAsync(Cancel))
        {
            await connection.ExecuteAsync("commit"); // behind the driver's back: its rollback at the end finds nothing to roll back
            await Assert.ThrowsAsync<SqliteException>(() => connection.DisposeAsync().AsTask());
        }

        for (var i = 0; i < 3; i++)
        {
            await using var next = await database.OpenWriterAsync(Cancel);
            await next.ExecuteAsync("begin immediate; rollback");
        }
    }

    [Fact]
    public async Task The_embedded_database_is_read_beside_its_writer()
    {
        await using var rig = await ProxyRig.StartAsync();
        var (server, database) = (rig.Server, rig.Server.Services.GetRequiredService<Database>());
        await using var writer = await database.OpenWriterAsync(Cancel);
        await using var transaction = await writer.BeginTransactionAsync(Cancel);
        await writer.ExecuteAsync("update users set name = 'Not yet'", transaction: transaction);

        var (status, _, _) = await rig.CallAsync(cancel: Cancel); // looks the token up
        var before = await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", rig.Token);
        await transaction.CommitAsync(Cancel);
        var after = await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", rig.Token);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.NotEqual("Not yet", before.GetProperty("name").GetString());
        Assert.Equal("Not yet", after.GetProperty("name").GetString());
    }

    /// <summary>SQLite begins its log anew only when nobody reads, which may never happen.</summary>
    [Fact]
    public async Task The_log_of_the_embedded_database_stays_short_while_somebody_always_reads()
    {
        await using var server = await TestServer.StartAsync();
        var database = server.Services.GetRequiredService<Database>();
        using var end = new CancellationTokenSource();
        var readers = Enumerable.Range(0, Database.Readers).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await using var reader = await database.OpenReaderAsync(Cancel);
                await reader.ExecuteAsync("begin; select count(*) from users");
                await Task.Delay(20, Cancel); // longer than a write: at nearly every moment, one of them reads
                await reader.ExecuteAsync("rollback");
            }
        })).ToList();

        var longest = 0L;
        for (var n = 1; n <= 400; n++)
        {
            await using var writer = await database.OpenWriterAsync(Cancel);
            await writer.ExecuteAsync(
                "insert into changes (n, at, kind, subject) values (@n, 1, 'x', @text); delete from changes where n < @n",
                new { n, text = new string('x', 200_000) });
            longest = Math.Max(longest, new FileInfo(database.SqliteFile + "-wal").Length);
        }

        await end.CancelAsync();
        await Task.WhenAll(readers);
        Assert.InRange(longest, 0, 2 * Database.LongestLog);
    }

    [Fact]
    public async Task A_reader_of_the_embedded_database_cannot_write()
    {
        await using var server = await TestServer.StartAsync();
        await using var reader = await server.Services.GetRequiredService<Database>().OpenReaderAsync(Cancel);

        var problem = await Assert.ThrowsAsync<SqliteException>(
            () => reader.ExecuteAsync("delete from first_run"));

        Assert.Contains("readonly", problem.Message);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Whoever_holds_a_connection_gets_no_second_one(string engine)
    {
        await using var test = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(test);
        var database = server.Services.GetRequiredService<Database>();
        foreach (var open in (Func<Task<DbConnection>>[])[() => database.OpenReaderAsync(Cancel), () => database.OpenWriterAsync(Cancel)])
        {
            await using (await open())
            {
                await Assert.ThrowsAsync<InvalidOperationException>(AskDeeperAsync);
                await Assert.ThrowsAsync<InvalidOperationException>(() => database.OpenReaderAsync(Cancel));
                await Assert.ThrowsAsync<InvalidOperationException>(() => database.OpenWriterAsync(Cancel));
            }

            await AskDeeperAsync();
        }

        if (engine == "sqlite")
        {
            // Whoever failed to get a connection holds none. (PostgreSQL's pool hands one out in spite of the cancelled token.)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.OpenWriterAsync(new CancellationToken(true)));
        }

        await AskDeeperAsync();

        async Task AskDeeperAsync()
        {
            await Task.Yield();
            await database.ProbeAsync(Cancel);
        }
    }

    /// <summary>Read and written as in every other row: by Dapper, without a word about how a time is stored.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Times_are_stored_as_milliseconds(string engine)
    {
        await using var test = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(test);
        await using var connection = await server.Services.GetRequiredService<Database>().OpenWriterAsync(Cancel);
        var time = new DateTimeOffset(2026, 1, 31, 9, 0, 0, 123, TimeSpan.FromHours(1));

        await connection.ExecuteAsync(
            "insert into first_run (id, completed_at) values (1, @time), (2, @early)",
            new { time, early = (DateTimeOffset?)time.AddDays(-1) });

        Assert.Equal(1769846400123, await connection.ExecuteScalarAsync<long>("select completed_at from first_run where id = 1"));
        Assert.Equal(time, await connection.QuerySingleAsync<DateTimeOffset>("select max(completed_at) from first_run"));
        Assert.Null(await connection.QuerySingleAsync<DateTimeOffset?>("select max(completed_at) from first_run where id = 3"));
        Assert.Equal(1, await connection.ExecuteAsync("delete from first_run where completed_at = @time", new { time }));
        Assert.Equal(
            1, await connection.ExecuteAsync("delete from first_run where @time is null or id = 2", new { time = (DateTimeOffset?)null }));
    }

    [Fact]
    public async Task A_database_user_who_may_not_create_tables_is_told_what_is_missing()
    {
        await using var database = await TestDatabase.CreateEmptyAsync("postgres");
        await (await PostgresCluster.GetAsync()).AdministerAsync(
            $"alter database {new Uri(database.Setting).AbsolutePath[1..]} owner to current_user");

        var problem = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(database));

        Assert.StartsWith("The database does not let its user create tables", problem.Message);
    }
}
