using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace TraceVault.Tests;

/// <summary>A fresh database and data folder for one test, on the engine asked for; both are deleted with it.</summary>
public abstract class TestDatabase : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tracevault-test-"); // mode 0700

    private protected TestDatabase()
    {
    }

    /// <summary>For <c>[MemberData]</c>: a storage test runs once on each.</summary>
    public static TheoryData<string> Engines => new("sqlite", "postgres");

    /// <summary>The value for <c>TRACEVAULT_DATABASE</c>.</summary>
    public abstract string Setting { get; }

    /// <summary>The full path of the file, or the name of the PostgreSQL database and of its owner.</summary>
    private protected abstract string Name { get; }

    /// <summary>The value for <c>TRACEVAULT_DATA_DIR</c>: exists, closed to others, empty but for the database.</summary>
    public string DataDirectory => _folder.FullName;

    /// <summary>
    /// A database at the newest schema, without a row: a copy of one that was migrated once in this run, as migrating takes longer than
    /// most tests.
    /// </summary>
    public static async Task<TestDatabase> CreateAsync(string engine) =>
        await CreateAsync(engine, await MigratedDatabases.GetAsync(engine));

    /// <summary>
    /// A database without a table, as it is before the first start of a server: for tests of that start, and of a server that makes its own
    /// master key.
    /// </summary>
    public static Task<TestDatabase> CreateEmptyAsync(string engine) => CreateAsync(engine, template: null);

    private static async Task<TestDatabase> CreateAsync(string engine, TestDatabase? template) => engine switch
    {
        "sqlite" => Sqlite.Create(template),
        "postgres" => await Postgres.CreateAsync(await PostgresCluster.GetAsync(), template),
        _ => throw new ArgumentOutOfRangeException(nameof(engine), engine, "Known engines: sqlite, postgres."),
    };

    /// <summary>A connection of the test's own, to look into the tables.</summary>
    public abstract Task<DbConnection> OpenAsync();

    /// <summary>
    /// Ends every connection to this database and refuses new ones, as when its server stops. Other tests notice nothing.
    /// </summary>
    /// <exception cref="NotSupportedException">The engine is SQLite: a file that is already open cannot go away on Linux.</exception>
    public abstract Task GoAwayAsync();

    /// <summary>Ends every connection and refuses new ones, as when somebody changed the password.</summary>
    /// <exception cref="NotSupportedException">The engine is SQLite, which knows no users.</exception>
    public abstract Task RefuseSignInAsync();

    /// <summary>Undoes <see cref="GoAwayAsync"/>.</summary>
    public abstract Task ComeBackAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await DropAsync();
        _folder.Delete(recursive: true);
    }

    private protected virtual Task DropAsync() => Task.CompletedTask;

    private sealed class Sqlite : TestDatabase
    {
        public override string Setting => "sqlite:" + Name;

        private protected override string Name => Path.Combine(DataDirectory, "tracevault.db");

        public static Sqlite Create(TestDatabase? template)
        {
            var database = new Sqlite();
            if (template is not null)
            {
                File.Copy(template.Name, database.Name); // its mode too
            }

            return database;
        }

        public override async Task<DbConnection> OpenAsync()
        {
            var settings = new SqliteConnectionStringBuilder { DataSource = Name, Pooling = false, DefaultTimeout = 30 };
            var connection = new SqliteConnection(settings.ConnectionString);
            await connection.OpenAsync();
            return connection;
        }

        public override Task GoAwayAsync() =>
            throw new NotSupportedException("A SQLite file has no server that could stop: write the outage test for postgres.");

        public override Task RefuseSignInAsync() => GoAwayAsync();

        public override Task ComeBackAsync() => GoAwayAsync();
    }

    /// <summary>Database and owner have one name; the owner is no superuser, as it should be in production.</summary>
    private sealed class Postgres(PostgresCluster cluster, string name, string password) : TestDatabase
    {
        public override string Setting => $"postgres://{name}:{password}@{cluster.Host}:{cluster.Port}/{name}?sslmode=disable";

        private protected override string Name => name;

        public static async Task<Postgres> CreateAsync(PostgresCluster cluster, TestDatabase? template)
        {
            var name = "test_" + RandomNumberGenerator.GetHexString(16, lowercase: true);
            var password = RandomNumberGenerator.GetHexString(32, lowercase: true);
            // The copied tables belong to the template's owner: a member of that role may do with them what an owner may.
            await cluster.AdministerAsync(
                $"create role {name} login password '{password}' {(template is null ? "" : "in role " + template.Name)}");
            await cluster.AdministerAsync(
                $"create database {name} owner {name} template "
                + $"{template?.Name ?? "template0"} strategy file_copy"); // a quarter of the time
            return new Postgres(cluster, name, password);
        }

        public override async Task<DbConnection> OpenAsync()
        {
            var settings = PostgresCluster.Parse(Setting);
            settings.Pooling = false;
            var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync();
            return connection;
        }

        public override Task GoAwayAsync() => CutOffAsync($"alter database {name} allow_connections false");

        public override Task RefuseSignInAsync() => CutOffAsync($"alter role {name} nologin");

        private async Task CutOffAsync(string refusal)
        {
            await cluster.AdministerAsync(refusal);
            // With a timeout (in milliseconds) it returns once the backend is gone, not merely told to go.
            await cluster.AdministerAsync($"select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{name}'");
        }

        public override Task ComeBackAsync() => cluster.AdministerAsync($"alter database {name} allow_connections true");

        private protected override async Task DropAsync()
        {
            await cluster.AdministerAsync($"drop database {name} with (force)");
            await cluster.AdministerAsync($"drop role {name}");
        }
    }
}
