using System.Data.Common;
using TraceVault.Storage;

namespace TraceVault.Capture.Recording;

/// <summary>A connection that writes, opened when it is first needed: mostly everything is known already, and nobody has to wait.</summary>
internal sealed class LazyWriter(Database database) : IAsyncDisposable
{
    private DbConnection? _connection;

    public ValueTask<DbConnection> OpenAsync(CancellationToken cancel) =>
        _connection is { } open ? new ValueTask<DbConnection>(open) : FirstAsync(cancel);

    public ValueTask DisposeAsync() => _connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async ValueTask<DbConnection> FirstAsync(CancellationToken cancel) => _connection = await database.OpenWriterAsync(cancel);
}
