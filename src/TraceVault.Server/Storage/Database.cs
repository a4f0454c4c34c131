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
/// The only way to the database, on either engine. Columns hold only text, 64-bit integers and bytes, so that one SQL string works on both.
/// </summary>
/// <remarks>
/// SQLite runs on the calling thread, in "async" calls too (its driver has no other way), and a writer that meets another one sleeps on
/// that thread. <see cref="ConnectAsync"/> therefore returns on a pool thread, never on one that serves sockets, and to one caller at a
/// time: callers that wait hold no thread, so that a crowd at the database does not slow streams down. Nobody may ask for a second
/// connection while holding one. After PostgreSQL has answered, the caller may be on a thread that serves sockets: it must not block there.
/// </remarks>
internal sealed class Database : IAsyncDisposable
{
    /// <summary>The longest wait for the embedded database, both for its lock and for a turn; PostgreSQL has limits of its own.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly DbDataSource? _postgres; // not Npgsql's own type, so that a server on SQLite does not load that library
    private readonly SemaphoreSlim _turn = new(1);
    private readonly string _fileSetting = "TRACEVAULT_DATABASE"; // the setting that says where the embedded database is
    private FileStream? _lock;

    static Database() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    public Database(StorageOptions options, DataDirectory data)
    {
        var setting = options.Database.Trim();
        if (setting.Equals("sqlite", StringComparison.OrdinalIgnoreCase))
        {
            (Engine, SqliteFile, _fileSetting) = (Engine.Sqlite, Path.Combine(data.Path, "tracevault.db"), DataDirectory.Setting);
        }
        else if (setting.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase) && setting.Length > 7)
        {
            (Engine, SqliteFile) = (Engine.Sqlite, Path.GetFullPath(setting[7..]));
        }
        else if (setting.StartsWith("postgres", StringComparison.OrdinalIgnoreCase))
        {
            Engine = Engine.Postgres;
            (_postgres, ConnectionString) = PostgresUrl.Open(setting);
            return;
        }
        else
        {
            throw new StartupException("TRACEVAULT_DATABASE is invalid: it takes sqlite, sqlite:PATH or a postgres:// URL.");
        }

        ConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = SqliteFile,
            ForeignKeys = true,
            DefaultTimeout = (int)Patience.TotalSeconds,
        }.ConnectionString;
    }

    public Engine Engine { get; }

    /// <summary>The full path of the embedded database; null on PostgreSQL.</summary>
    public string? SqliteFile { get; }

    /// <summary>It holds the password of a PostgreSQL user, so it is never logged.</summary>
    public string ConnectionString { get; }

    /// <exception cref="Exception">The database cannot be reached; <see cref="IsUnavailable"/> tells.</exception>
    public async ValueTask<DbConnection> ConnectAsync(CancellationToken cancel)
    {
        if (_postgres is not null)
        {
            return await _postgres.OpenConnectionAsync(cancel);
        }

        if (!await _turn.WaitAsync(Patience, cancel))
        {
            throw new TimeoutException("The embedded database is busy.");
        }

        await Task.Yield();
        var connection = new ConnectionInTurn(ConnectionString, _turn);
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

    /// <summary>Reads one row of ours.</summary>
    /// <exception cref="Exception">The database does not answer; <see cref="IsUnavailable"/> tells.</exception>
    public async Task ProbeAsync(CancellationToken cancel)
    {
        await using var connection = await ConnectAsync(cancel);
        await connection.ExecuteScalarAsync<long>(new CommandDefinition("select count(*) from first_run", cancellationToken: cancel));
    }

    /// <summary>Whether it failed because the database is away, busy or broken, and not because the statement is wrong.</summary>
    public static bool IsUnavailable(Exception problem) => problem switch
    {
        // connection, authorization (its password was changed), rollback, resources, intervention, system, internal:
        // https://www.postgresql.org/docs/current/errcodes-appendix.html
        PostgresException { SqlState: [_, _, ..] state } =>
            state[..2] is "08" or "28" or "40" or "53" or "57" or "58" or "XX" || state is "55000" or "3D000" or "25006",
        NpgsqlException or SocketException or TimeoutException => true,
        // busy, locked, out of memory, read-only, I/O, corrupt, full, cannot open, locking protocol, schema changed, not a database
        SqliteException { SqliteErrorCode: 5 or 6 or 7 or 8 or 10 or 11 or 13 or 14 or 15 or 17 or 26 } => true,
        _ => false,
    };

    /// <summary>Whether the embedded database was ever written to; a start on a full disk may have left an empty file.</summary>
    public bool HoldsData => SqliteFile is not null
        && new[] { SqliteFile, SqliteFile + "-wal" }.Any(file => new FileInfo(file) is { Exists: true, Length: > 0 });

    /// <summary>
    /// Locks the embedded database for this process: two servers on one file would not learn of each other's changes.
    /// Does nothing on PostgreSQL.
    /// </summary>
    /// <exception cref="StartupException">Another server uses the file, or its folder is not writable.</exception>
    public void TakeFile()
    {
        try
        {
            if (SqliteFile is not null && _lock is null)
            {
                DataDirectory.Ensure(Path.GetDirectoryName(SqliteFile)!, _fileSetting);
                _lock = DataDirectory.OpenPrivate(SqliteFile + ".lock", FileMode.OpenOrCreate);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw CannotOpen(problem);
        }
    }

    /// <summary>Creates the file of the embedded database, closed to group and others. Does nothing on PostgreSQL.</summary>
    /// <exception cref="StartupException">Another server uses the file, or it cannot be opened.</exception>
    public async Task PrepareFileAsync()
    {
        if (SqliteFile is null)
        {
            return;
        }

        TakeFile();
        try
        {
            await using (DataDirectory.OpenPrivate(SqliteFile, FileMode.OpenOrCreate))
            {
            }

            await using var connection = await ConnectAsync(CancellationToken.None);
            await connection.ExecuteAsync("pragma journal_mode = wal");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw CannotOpen(problem);
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

        _turn.Dispose();
    }

    private StartupException CannotOpen(Exception problem) => new(
        $"The database {SqliteFile} cannot be opened: {problem.Message} "
        + "If another TraceVault server uses it, stop that one, or run both on one PostgreSQL. "
        + $"Otherwise make room, let this user write there, or set {_fileSetting} to another place.");

    /// <summary>A connection that passes the turn to the next caller when it is closed, even if closing it fails.</summary>
    private sealed class ConnectionInTurn(string connectionString, SemaphoreSlim turn) : SqliteConnection(connectionString)
    {
        private bool _over;

        protected override void Dispose(bool disposing)
        {
            try
            {
                base.Dispose(disposing);
            }
            catch (SqliteException)
            {
                CloseAnyway(disposing);
                throw;
            }
            finally
            {
                if (disposing && !_over)
                {
                    _over = true;
                    turn.Release();
                }
            }
        }

        /// <summary>
        /// A transaction that could not be rolled back must not reach the next user of the connection, nor keep the file locked.
        /// </summary>
        private void CloseAnyway(bool disposing)
        {
            try
            {
                base.Dispose(disposing);
            }
            catch (SqliteException)
            {
                // The first failure tells the reason.
            }

            ClearPool(this);
        }
    }
}
