using System.Data;
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
/// The only way to the database, on either engine. Columns hold only text, 64-bit integers and bytes, so that one SQL string works on both;
/// a <see cref="DateTimeOffset"/> is stored as <see cref="UnixTime"/> says.
/// </summary>
/// <remarks>
/// <para>SQLite has one writer and, beside it, <see cref="Readers"/> that see what was committed when they began. Its driver runs on the
/// calling thread, in "async" calls too, and a writer that meets another one sleeps on that thread. Callers therefore wait for a turn
/// without holding a thread, and run on a pool thread, never on one that serves sockets: a crowd at the database does not slow streams
/// down. After PostgreSQL has answered, the caller may be on a thread that serves sockets: it must not block there.</para>
/// <para>Whoever holds a connection may not ask for a second one: a crowd of such callers would wait for each other for ever. It throws,
/// on both engines.</para>
/// </remarks>
internal sealed class Database : IAsyncDisposable
{
    /// <summary>How many may read from the embedded database at once.</summary>
    public const int Readers = 4;

    /// <summary>
    /// How long the write-ahead log may grow, in bytes. SQLite begins it anew by itself only at a moment without readers, which may not
    /// come on a busy server.
    /// </summary>
    public const long LongestLog = 16 << 20;

    private readonly DbDataSource? _postgres; // not Npgsql's own type, so that a server on SQLite does not load that library
    private readonly Turns? _writer, _readers; // of SQLite
    private readonly AsyncLocal<Hold?> _held = new();
    private readonly string _fileSetting = "TRACEVAULT_DATABASE"; // the setting that says where the embedded database is
    private FileStream? _lock;

    static Database()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        UnixTime.Register();
    }

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

        var file = new SqliteConnectionStringBuilder
        {
            DataSource = SqliteFile,
            ForeignKeys = true,
            DefaultTimeout = (int)Turns.Patience.TotalSeconds,
        };
        _writer = new Turns(ConnectionString = file.ConnectionString, 1);
        file.Mode = SqliteOpenMode.ReadOnly;
        _readers = new Turns(file.ConnectionString, Readers);
    }

    public Engine Engine { get; }

    /// <summary>The full path of the embedded database; null on PostgreSQL.</summary>
    public string? SqliteFile { get; }

    /// <summary>It holds the password of a PostgreSQL user, so it is never logged.</summary>
    public string ConnectionString { get; }

    /// <summary>A connection that may write. To be disposed soon: on SQLite every other writer waits for it.</summary>
    /// <exception cref="Exception">The database cannot be reached; <see cref="IsUnavailable"/> tells.</exception>
    /// <exception cref="InvalidOperationException">The caller holds a connection already.</exception>
    public Task<DbConnection> OpenWriterAsync(CancellationToken cancel) => OpenAsync(_writer, cancel);

    /// <summary>A connection that only reads. On SQLite it waits for no writer, and a statement that writes fails.</summary>
    /// <exception cref="Exception">The database cannot be reached; <see cref="IsUnavailable"/> tells.</exception>
    /// <exception cref="InvalidOperationException">The caller holds a connection already.</exception>
    public Task<DbConnection> OpenReaderAsync(CancellationToken cancel) => OpenAsync(_readers, cancel);

    /// <remarks>Not async: what an async method puts into an <see cref="AsyncLocal{T}"/>, its caller does not see.</remarks>
    private Task<DbConnection> OpenAsync(Turns? turns, CancellationToken cancel)
    {
        if (_held.Value is { IsOver: false })
        {
            throw new InvalidOperationException("Pass the connection on: whoever holds one may not wait for a second one.");
        }

        return OpenAsync(turns, _held.Value = new Hold(), cancel);
    }

    private async Task<DbConnection> OpenAsync(Turns? turns, Hold hold, CancellationToken cancel)
    {
        try
        {
            if (turns is not null)
            {
                var embedded = await turns.OpenAsync(hold, cancel);
                if (turns == _writer)
                {
                    await ShortenLogAsync(embedded);
                }

                return embedded;
            }

            var connection = await _postgres!.OpenConnectionAsync(cancel);
            connection.StateChange += (_, change) => hold.IsOver |= change.CurrentState is ConnectionState.Closed;
            return connection;
        }
        catch
        {
            hold.IsOver = true;
            throw;
        }
    }

    /// <summary>Begins a log that has grown too long anew, while nobody reads. If a reader takes long, the next writer tries.</summary>
    private async Task ShortenLogAsync(DbConnection writer)
    {
        if (new FileInfo(SqliteFile + "-wal") is not { Exists: true, Length: > LongestLog })
        {
            return;
        }

        try
        {
            await _readers!.WhileNoneIsOpenAsync(() => writer.Execute("pragma wal_checkpoint(truncate)"));
        }
        catch (SqliteException)
        {
            // What the caller is about to do fails for the same reason, and says so.
        }
    }

    /// <summary>Reads one row of ours.</summary>
    /// <exception cref="Exception">The database does not answer; <see cref="IsUnavailable"/> tells.</exception>
    public async Task ProbeAsync(CancellationToken cancel)
    {
        await using var connection = await OpenReaderAsync(cancel);
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

            await using var connection = await OpenWriterAsync(CancellationToken.None);
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

        _readers?.Dispose();
        _writer?.Dispose(); // last: whoever closes the file last moves the log into it, which a reader cannot
        if (_lock is not null)
        {
            await _lock.DisposeAsync();
        }
    }

    private StartupException CannotOpen(Exception problem) => new(
        $"The database {SqliteFile} cannot be opened: {problem.Message} "
        + "If another TraceVault server uses it, stop that one, or run both on one PostgreSQL. "
        + $"Otherwise make room, let this user write there, or set {_fileSetting} to another place.");
}
