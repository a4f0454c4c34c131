using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace TraceVault.Storage;

/// <summary>Connections to the embedded database, of which a number may be open at once; further callers wait without a thread.</summary>
internal sealed class Turns(string connectionString, int atOnce) : IDisposable
{
    /// <summary>The longest wait for a turn, and for the lock of the file.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long a writer waits for a reader to finish, and keeps new ones waiting.</summary>
    private static readonly TimeSpan ShortPatience = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _free = new(atOnce);
    private readonly Lock _keeping = new();
    private TaskCompletionSource? _allKept;
    private int _kept;

    /// <param name="hold">Is over when the connection is closed.</param>
    /// <param name="cancel">Has an effect until the connection is open.</param>
    /// <returns>An open connection, on a thread of the pool.</returns>
    /// <exception cref="TimeoutException">There was no turn within ten seconds.</exception>
    public async Task<DbConnection> OpenAsync(Hold hold, CancellationToken cancel)
    {
        if (!await _free.WaitAsync(Patience, cancel))
        {
            throw new TimeoutException("The embedded database is busy.");
        }

        await Task.Yield();
        var connection = new Connection(connectionString, this, hold);
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

    /// <summary>
    /// Does something while no connection is open: keeps the turns that are given back, so that those who wait get none meanwhile. Does
    /// nothing if somebody keeps a connection open for long.
    /// </summary>
    public async Task WhileNoneIsOpenAsync(Action action)
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_keeping)
        {
            _allKept = all;
            while (_free.Wait(0))
            {
                Keep();
            }
        }

        try
        {
            await all.Task.WaitAsync(ShortPatience);
            action();
        }
        catch (TimeoutException)
        {
            // There will be another time.
        }
        finally
        {
            lock (_keeping)
            {
                _allKept = null;
                if (_kept > 0)
                {
                    _free.Release(_kept);
                    _kept = 0;
                }
            }
        }
    }

    public void Dispose()
    {
        using var connection = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(connection);
        _free.Dispose();
    }

    private void GiveBack()
    {
        lock (_keeping)
        {
            if (_allKept is not null)
            {
                Keep();
                return;
            }
        }

        _free.Release();
    }

    private void Keep()
    {
        if (++_kept == atOnce)
        {
            _allKept!.SetResult();
        }
    }

    /// <summary>A connection that passes the turn to the next caller when it is closed, even if closing it fails.</summary>
    private sealed class Connection(string connectionString, Turns turns, Hold hold) : SqliteConnection(connectionString)
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
                    _over = hold.IsOver = true;
                    turns.GiveBack();
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

/// <summary>That somebody holds a connection, as seen by everything that runs on their behalf.</summary>
internal sealed class Hold
{
    public volatile bool IsOver;
}
