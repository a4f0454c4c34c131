using System.Data.Common;
using System.Net.Sockets;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;
using TraceVault.Hosting;
using TraceVault.Settings;

namespace TraceVault.Storage;

internal enum Engine
{
    Sqlite,
    Postgres,
}

/// <summary>
/// The one way to the database, on either engine. Columns are text, 64-bit integers and bytes alone, so that one SQL string serves both.
/// </summary>
/// <remarks>
/// SQLite runs on the calling thread, "async" calls too (its driver has no other way); <see cref="ConnectAsync"/> therefore returns on a pool
/// thread, never on one that serves sockets. After PostgreSQL has answered, the caller may be on such a thread: it must not block there.
/// </remarks>
internal sealed class Database : IAsyncDisposable
{
    private readonly NpgsqlDataSource? _postgres;
    private FileStream? _lock;

    static Database() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    public Database(StorageOptions options, DataDirectory data)
    {
        var setting = options.Database.Trim();
        if (setting.Equals("sqlite", StringComparison.OrdinalIgnoreCase))
        {
            (Engine, SqliteFile) = (Engine.Sqlite, Path.Combine(data.Path, "tracevault.db"));
        }
        else if (setting.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase) && setting.Length > 7)
        {
            (Engine, SqliteFile) = (Engine.Sqlite, Path.GetFullPath(setting[7..]));
        }
        else if (setting.StartsWith("postgres", StringComparison.OrdinalIgnoreCase))
        {
            Engine = Engine.Postgres;
            _postgres = NpgsqlDataSource.Create(PostgresUrl.Parse(setting));
            ConnectionString = PostgresUrl.Parse(setting).ConnectionString;
            return;
        }
        else
        {
            throw new StartupException("TRACEVAULT_DATABASE is invalid: it takes sqlite, sqlite:PATH or a postgres:// URL.");
        }

        ConnectionString = new SqliteConnectionStringBuilder { DataSource = SqliteFile, ForeignKeys = true, DefaultTimeout = 10 }.ConnectionString;
    }

    public Engine Engine { get; }

    /// <summary>Full path of the embedded database; null on PostgreSQL.</summary>
    public string? SqliteFile { get; }

    /// <summary>Holds the password of a PostgreSQL user: never logged.</summary>
    public string ConnectionString { get; }

    /// <exception cref="DbException">The database cannot be reached; <see cref="IsUnavailable"/> tells.</exception>
    public async ValueTask<DbConnection> ConnectAsync(CancellationToken cancel)
    {
        if (_postgres is not null)
        {
            return await _postgres.OpenConnectionAsync(cancel);
        }

        await Task.Yield();
        var connection = new SqliteConnection(ConnectionString);
        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether the failure is the database being away, busy or broken, as opposed to a fault in what was asked of it.</summary>
    public static bool IsUnavailable(Exception problem) => problem switch
    {
        PostgresException { SqlState: [_, _, ..] state } => state[..2] is "08" or "53" or "57" or "58" || state is "55000" or "3D000" or "25006",
        NpgsqlException or SocketException or TimeoutException => true,
        // busy, locked, out of memory, read-only, I/O, corrupt, full, cannot open, not a database
        SqliteException { SqliteErrorCode: 5 or 6 or 7 or 8 or 10 or 11 or 13 or 14 or 26 } => true,
        _ => false,
    };

    /// <summary>Makes the embedded database's file for its owner alone and takes it for this process; nothing to do on PostgreSQL.</summary>
    /// <exception cref="StartupException">Another server uses the file, or it cannot be opened.</exception>
    public async Task PrepareFileAsync()
    {
        if (SqliteFile is null)
        {
            return;
        }

        try
        {
            DataDirectory.Ensure(Path.GetDirectoryName(SqliteFile)!);
            // Two servers on one file would not hear of each other's changes.
            _lock ??= DataDirectory.OpenPrivate(SqliteFile + ".lock", FileMode.OpenOrCreate);
            await using (DataDirectory.OpenPrivate(SqliteFile, FileMode.OpenOrCreate))
            {
            }

            await using var connection = await ConnectAsync(CancellationToken.None);
            await connection.ExecuteAsync("pragma journal_mode = wal");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new StartupException($"The database {SqliteFile} cannot be opened: {problem.Message} "
                + "If another TraceVault server uses it, stop that one, or run both on one PostgreSQL.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
        else
        {
            await using var connection = new SqliteConnection(ConnectionString);
            SqliteConnection.ClearPool(connection);
        }

        if (_lock is not null)
        {
            await _lock.DisposeAsync();
        }
    }
}
