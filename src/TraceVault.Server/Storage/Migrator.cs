using System.Data.Common;
using Dapper;
using FluentMigrator.Runner;
using Npgsql;
using TraceVault.Settings;

namespace TraceVault.Storage;

/// <summary>
/// Brings the schema up to date when a server starts. Several servers may start at once: one migrates, the others wait for it.
/// </summary>
internal sealed class Migrator(Database database, ILogger<Migrator> log)
{
    /// <summary>Identifies our migrations among the advisory locks of a PostgreSQL database; the value itself means nothing.</summary>
    private const long MigrationLock = 0x7472616365766c74;

    /// <summary>
    /// The version of the last migration. It is a constant, because finding it would load every type of the program at every start.
    /// </summary>
    internal const long NewestKnown = 17;

    /// <exception cref="StartupException">The database cannot be reached, or a newer server has already changed its schema.</exception>
    public async Task MigrateAsync(CancellationToken cancel)
    {
        await database.PrepareFileAsync();
        try
        {
            await using var connection = await database.OpenWriterAsync(cancel);
            if (database.Engine is Engine.Postgres)
            {
                // The lock belongs to the session of this connection, so it is released however the connection closes.
                // The isolation level is the default one.
                await connection.ExecuteAsync("select pg_advisory_lock(@MigrationLock)", new { MigrationLock }, commandTimeout: 300);
            }

            var found = await FoundVersionAsync(connection);
            if (found > NewestKnown)
            {
                throw new StartupException(
                    $"The database was changed by a newer TraceVault (schema {found}; this server knows up to {NewestKnown}). "
                    + "Start that version or a newer one.");
            }

            if (found < NewestKnown)
            {
                await Task.Run(Run, cancel); // it blocks, and this may be a thread that serves sockets
                log.LogInformation("The database is now at schema {Version}.", NewestKnown);
            }

            if (database.Engine is Engine.Postgres)
            {
                await connection.ExecuteAsync("select pg_advisory_unlock(@MigrationLock)", new { MigrationLock });
            }
        }
        catch (Exception problem)
            when (problem.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused)
        {
            throw new StartupException(
                $"The database does not let its user create tables: {refused.MessageText}. "
                + "Make the user the owner of the database, or grant it create on its schema.");
        }
        catch (Exception problem) when (problem.GetBaseException() is var cause && (Database.IsUnavailable(cause) || cause is DbException))
        {
            throw new StartupException(
                $"The database cannot be used: {cause.Message} Check TRACEVAULT_DATABASE and that the database runs.");
        }
    }

    /// <summary>Checks the schema for a command that works on the database of a server. Changes nothing and creates no file.</summary>
    /// <exception cref="StartupException">There is no database, or it is not at the schema of this version.</exception>
    public async Task RequireCurrentAsync(CancellationToken cancel)
    {
        if (database.SqliteFile is { } file && !File.Exists(file))
        {
            throw new StartupException(
                $"There is no database {file}. Run this with the settings of the server: TRACEVAULT_DATA_DIR or TRACEVAULT_DATABASE.");
        }

        try
        {
            await using var connection = await database.OpenWriterAsync(cancel);
            if (await FoundVersionAsync(connection) is var found && found != NewestKnown)
            {
                throw new StartupException(
                    $"The database is at schema {found}, this program at {NewestKnown}. "
                    + "Run the program of the same version as the server; after an upgrade, start the server once first.");
            }
        }
        catch (DbException problem)
        {
            throw new StartupException(
                $"The database cannot be used: {problem.GetBaseException().Message} "
                + "Check TRACEVAULT_DATABASE, and that this user may read and write it.");
        }
    }

    private async Task<long> FoundVersionAsync(DbConnection connection)
    {
        var table = database.Engine is Engine.Postgres
            ? "select count(*) from information_schema.tables where table_schema = current_schema() and table_name = 'schema_versions'"
            : "select count(*) from sqlite_master where type = 'table' and name = 'schema_versions'";
        return await connection.ExecuteScalarAsync<long>(table) == 0
            ? 0
            : await connection.ExecuteScalarAsync<long?>("select max(version) from schema_versions") ?? 0;
    }

    private void Run()
    {
        using var services = Services(database);
        using var scope = services.CreateScope();
        scope.ServiceProvider.GetRequiredService<IMigrationRunner>().MigrateUp();
    }

    internal static ServiceProvider Services(Database database) => new ServiceCollection()
        .AddFluentMigratorCore()
        .ConfigureRunner(runner => (database.Engine is Engine.Postgres ? runner.AddPostgres() : runner.AddSQLite())
            .WithGlobalConnectionString(database.ConnectionString)
            .WithVersionTable(new SchemaVersions())
            .ScanIn(typeof(Migrator).Assembly).For.Migrations())
        .BuildServiceProvider(validateScopes: false);
}
