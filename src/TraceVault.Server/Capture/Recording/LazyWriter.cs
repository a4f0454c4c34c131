using System.Data.Common;
using Dapper;
using TraceVault.Storage;

namespace TraceVault.Capture.Recording;

/// <summary>
/// A connection that writes in one transaction, opened when it is first needed: mostly everything is known already, and nobody has to wait.
/// </summary>
internal sealed class LazyWriter(Database database, CancellationToken cancel) : IAsyncDisposable
{
    private DbConnection? _connection;
    private DbTransaction? _transaction;

    public async Task ExecuteAsync(string sql, object values) =>
        await (await OpenAsync()).ExecuteAsync(new CommandDefinition(sql, values, _transaction, cancellationToken: cancel));

    public async Task<T> ReadAsync<T>(string sql, object values) =>
        await (await OpenAsync()).QuerySingleAsync<T>(new CommandDefinition(sql, values, _transaction, cancellationToken: cancel));

    public Task CommitAsync() => _transaction?.CommitAsync(cancel) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_transaction is not null)
        {
            await _transaction.DisposeAsync();
        }

        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
    }

    private async ValueTask<DbConnection> OpenAsync()
    {
        if (_connection is null)
        {
            _connection = await database.OpenWriterAsync(cancel);
            _transaction = await _connection.BeginTransactionAsync(cancel);
        }

        return _connection;
    }
}
