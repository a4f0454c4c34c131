using System.Data.Common;
using Dapper;
using Npgsql;
using TraceVault.Storage;

namespace TraceVault.Tests;

public class TestDatabaseTests
{
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Two_tests_never_share_a_database(string engine)
    {
        await using var one = await TestDatabase.CreateAsync(engine);
        await using var other = await TestDatabase.CreateAsync(engine);
        foreach (var database in (TestDatabase[])[one, other])
        {
            await using var connection = await database.OpenAsync();
            await connection.ExecuteAsync("create table notes (id bigint)"); // fails where it exists
        }

        Assert.NotEqual(one.Setting, other.Setting);
        Assert.NotEqual(one.DataDirectory, other.DataDirectory);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_data_folder_is_closed_to_others_and_goes_with_the_database(string engine)
    {
        var database = await TestDatabase.CreateEmptyAsync(engine);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(database.DataDirectory));
        Assert.Empty(Directory.EnumerateFileSystemEntries(database.DataDirectory));

        await database.DisposeAsync();

        Assert.False(Directory.Exists(database.DataDirectory));
        await Assert.ThrowsAnyAsync<DbException>(database.OpenAsync);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_database_is_as_its_migrations_leave_it_and_takes_further_ones(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var connection = await database.OpenAsync();

        Assert.Equal(Migrator.NewestKnown, await connection.ExecuteScalarAsync<long>("select max(version) from schema_versions"));
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>(
            "select (select count(*) from users) + (select count(*) from audit_events) + (select count(*) from first_run)"));
        await connection.ExecuteAsync(
            "alter table users add column shoe_size bigint; create index shoes on users (shoe_size); drop table first_run");
        await using var empty = await TestDatabase.CreateEmptyAsync(engine);
        await using var before = await empty.OpenAsync();
        await Assert.ThrowsAnyAsync<DbException>(() => before.ExecuteScalarAsync<long>("select count(*) from users"));
    }

    [Fact]
    public async Task A_server_that_went_away_drops_its_clients_until_it_comes_back()
    {
        await using var database = await TestDatabase.CreateAsync("postgres");
        await using var neighbour = await TestDatabase.CreateAsync("postgres");
        await using var client = await database.OpenAsync();
        await using var bystander = await neighbour.OpenAsync();

        await database.GoAwayAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => client.ExecuteScalarAsync<int>("select 1"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(database.OpenAsync);
        Assert.Equal(1, await bystander.ExecuteScalarAsync<int>("select 1"));

        await database.ComeBackAsync();
        await using var again = await database.OpenAsync();
        Assert.Equal(1, await again.ExecuteScalarAsync<int>("select 1"));
    }
}
