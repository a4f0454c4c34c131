using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Capture.Parts;
using TraceVault.Changes;
using TraceVault.Vault;

namespace TraceVault.Tests.Capture;

public class TraceKeyTests
{
    private const string OtherKey = "Bq1uT0x8c2m5RZyW7hK4dNsvE9oJpA3GfLiXV6CYbkU=";
    private static readonly Guid One = Guid.CreateVersion7(), Other = Guid.CreateVersion7();

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_trace_has_one_key_and_no_other_trace_has_it(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        await using var connection = await WithUsersAsync(database);
        var keys = server.Services.GetRequiredService<TraceKeys>();
        Assert.Null(await keys.FindAsync(One, Cancel));

        var key = await keys.CreateAsync("ada", One, Cancel);

        Assert.Equal(TextOf(key), TextOf(await keys.CreateAsync("ada", One, Cancel)));
        Assert.Equal(TextOf(key), TextOf(await keys.FindAsync(One, Cancel)));
        Assert.NotEqual(TextOf(key), TextOf(await keys.CreateAsync("ada", Other, Cancel)));
        Assert.Equal(1, await connection.ExecuteScalarAsync<long>("select count(*) from capture_user_keys"));
        await Assert.ThrowsAnyAsync<CryptographicException>(() => keys.CreateAsync("bob", One, Cancel));
        await Assert.ThrowsAnyAsync<DbException>(() => keys.CreateAsync("nobody", Guid.CreateVersion7(), Cancel));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Many_who_need_a_new_key_at_once_get_the_same(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var first = await TestServer.StartAsync(database);
        await using var second = engine == "postgres" ? await TestServer.StartAsync(database) : null;
        await using var connection = await WithUsersAsync(database);
        TestServer[] servers = [first, second ?? first];

        var made = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Task.Run(() =>
            servers[i % 2].Services.GetRequiredService<TraceKeys>().CreateAsync("ada", i % 3 == 0 ? Other : One, Cancel), Cancel)));

        Assert.Equal(2, made.Select(TextOf).Distinct().Count());
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Without_its_row_a_trace_cannot_be_read_and_without_the_users_row_none_of_theirs(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        await using var connection = await WithUsersAsync(database);
        var keys = server.Services.GetRequiredService<TraceKeys>();
        var third = Guid.CreateVersion7();
        var erased = await keys.CreateAsync("ada", One, Cancel);
        await keys.CreateAsync("ada", Other, Cancel);
        await keys.CreateAsync("bob", third, Cancel);

        Assert.True(await ChangeAsync(server, change => TraceKeys.EraseAsync(change, One)));
        Assert.False(await ChangeAsync(server, change => TraceKeys.EraseAsync(change, One)));
        Assert.Null(await keys.FindAsync(One, Cancel));
        Assert.NotNull(await keys.FindAsync(Other, Cancel));
        Assert.NotEqual(TextOf(erased), TextOf(await keys.CreateAsync("ada", One, Cancel)));

        Assert.True(await ChangeAsync(server, change => TraceKeys.EraseAllAsync(change, "ada")));
        Assert.Null(await keys.FindAsync(One, Cancel));
        Assert.Null(await keys.FindAsync(Other, Cancel));
        Assert.NotNull(await keys.FindAsync(third, Cancel));

        await connection.ExecuteAsync(
            (engine == "sqlite" ? "pragma foreign_keys = on; " : "") + "delete from users where id = 'bob'");
        Assert.Null(await keys.FindAsync(third, Cancel));
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select count(*) from capture_trace_keys"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_moved_or_changed_row_does_not_open(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        await using var connection = await WithUsersAsync(database);
        var keys = server.Services.GetRequiredService<TraceKeys>();
        await keys.CreateAsync("ada", One, Cancel);
        await keys.CreateAsync("ada", Other, Cancel);
        await keys.CreateAsync("bob", Guid.CreateVersion7(), Cancel);
        var sealedKey = await connection.QuerySingleAsync<byte[]>(
            "select sealed from capture_trace_keys where trace_id = @One", new { One = One.ToString() });

        await AssertClosedAsync("update capture_trace_keys set sealed = @sealedKey where trace_id = @Other", Other);
        await AssertClosedAsync("update capture_trace_keys set user_id = 'bob' where trace_id = @One", One);
        await connection.ExecuteAsync("update capture_trace_keys set user_id = 'ada' where trace_id = @One", new { One = One.ToString() });
        Assert.NotNull(await keys.FindAsync(One, Cancel));
        await AssertClosedAsync(
            "update capture_user_keys set sealed = (select sealed from capture_user_keys where user_id = 'bob') where user_id = 'ada'",
            One);

        async Task AssertClosedAsync(string sql, Guid trace)
        {
            await connection.ExecuteAsync(sql, new { sealedKey, One = One.ToString(), Other = Other.ToString() });
            await Assert.ThrowsAnyAsync<CryptographicException>(() => keys.FindAsync(trace, Cancel));
        }
    }

    [Fact]
    public void A_users_key_is_nobody_elses()
    {
        var vault = new CaptureVault(KeyRing.Parse(TestServer.MasterKey, "S"));
        var key = vault.CreateUserKey("ada");

        Assert.NotNull(vault.Reseal(key));
        Assert.Null(vault.Reseal(key with { UserId = "bob" }));
        Assert.Null(vault.Reseal(key with { KeyId = "other" }));
        Assert.Null(vault.Reseal(key with { Sealed = key.Sealed[..^1] }));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_new_master_key_seals_the_users_rows_anew_and_no_other(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var connection = await WithUsersAsync(database);
        TraceKey key;
        await using (var before = await TestServer.StartAsync(database))
        {
            key = await before.Services.GetRequiredService<TraceKeys>().CreateAsync("ada", One, Cancel);
        }

        var (users, traces) = (await RowsAsync(connection, "user"), await RowsAsync(connection, "trace"));
        await using (var after = await TestServer.StartAsync(
            database, settings: $"--EncryptionKey=new:{OtherKey},default:{TestServer.MasterKey}"))
        {
            Assert.Contains("sealed anew under the master key new, one for each user: 1", after.Log.Text);
            Assert.Equal(TextOf(key), TextOf(await after.Services.GetRequiredService<TraceKeys>().FindAsync(One, Cancel)));
        }

        Assert.NotEqual(users, await RowsAsync(connection, "user"));
        Assert.Equal(traces, await RowsAsync(connection, "trace"));
        await using var alone = await TestServer.StartAsync(database, settings: $"--EncryptionKey=new:{OtherKey}");
        Assert.DoesNotContain("sealed anew", alone.Log.Text);
        Assert.Equal(TextOf(key), TextOf(await alone.Services.GetRequiredService<TraceKeys>().FindAsync(One, Cancel)));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_was_erased_or_resealed_meanwhile_stays_so(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        await using var connection = await WithUsersAsync(database);
        var (keys, vault) = (server.Services.GetRequiredService<TraceKeys>(), server.Services.GetRequiredService<CaptureVault>());
        await keys.CreateAsync("ada", One, Cancel);
        await keys.CreateAsync("bob", Other, Cancel);
        await connection.ExecuteAsync("update capture_user_keys set key_id = 'old'");
        var old = await keys.ListOldAsync("", 10, Cancel);
        Assert.Equal(["ada", "bob"], old.Select(key => key.UserId));
        await connection.ExecuteAsync("delete from capture_user_keys where user_id = 'ada'");
        var elsewhere = vault.CreateUserKey("bob");
        await keys.ReplaceAsync([(old[1], elsewhere)], Cancel);

        await keys.ReplaceAsync(old.Select(key => (key, vault.CreateUserKey(key.UserId))), Cancel);

        Assert.Equal(Convert.ToHexString(elsewhere.Sealed), await RowsAsync(connection, "user"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_row_that_does_not_open_waits_unchanged_for_its_master_key(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var connection = await WithUsersAsync(database);
        await using (var before = await TestServer.StartAsync(database))
        {
            await before.Services.GetRequiredService<TraceKeys>().CreateAsync("ada", One, Cancel);
        }

        var users = await RowsAsync(connection, "user");
        await using (var wrong = await TestServer.StartAsync(database, settings: $"--EncryptionKey=new:{OtherKey}"))
        {
            Assert.Contains("The recorded traces of 1 users cannot be read.", wrong.Log.Text);
            await Assert.ThrowsAnyAsync<CryptographicException>(
                () => wrong.Services.GetRequiredService<TraceKeys>().FindAsync(One, Cancel));
        }

        Assert.Equal(users, await RowsAsync(connection, "user"));
        await using var right = await TestServer.StartAsync(database);
        Assert.NotNull(await right.Services.GetRequiredService<TraceKeys>().FindAsync(One, Cancel));
    }

    private static string TextOf(TraceKey? key) => Convert.ToHexString(key!.Reveal());

    private static Task<bool> ChangeAsync(TestServer server, Func<Change, Task<bool>> step) =>
        server.Services.GetRequiredService<ChangeMaker>().MakeAsync(Scope.User("ada"), async change =>
            Verdict.DoneUnaudited(await step(change), ChangeKind.Key, "ada"), Cancel);

    private static async Task<DbConnection> WithUsersAsync(TestDatabase database)
    {
        var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            insert into users (id, email, email_key, role, password_hash, created_at, updated_at)
            values ('ada', 'a@example.com', 'a@example.com', 'member', '-', 1, 1),
                ('bob', 'b@example.com', 'b@example.com', 'member', '-', 1, 1)
            """);
        return connection;
    }

    private static async Task<string> RowsAsync(DbConnection connection, string of) =>
        string.Join(';', (await connection.QueryAsync<byte[]>($"select sealed from capture_{of}_keys order by {of}_id"))
            .Select(Convert.ToHexString));
}
