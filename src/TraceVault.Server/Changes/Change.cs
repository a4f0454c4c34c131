using System.Data.Common;
using Dapper;

namespace TraceVault.Changes;

/// <summary>A change under way: one transaction, in which a step reads and writes. <see cref="ChangeMaker"/> makes it.</summary>
/// <remarks>
/// A step ends with a <see cref="Verdict"/>. There is no other way to keep what the step wrote, so no step forgets the audit log or those
/// who have to hear of the change.
/// </remarks>
internal sealed class Change(
    DbConnection connection, DbTransaction transaction, AuditLog audit, DateTimeOffset now, CancellationToken cancel)
{
    /// <summary>When the change began, in whole milliseconds, as columns hold it.</summary>
    public DateTimeOffset Now => now;

    /// <returns>How many rows were changed.</returns>
    public Task<int> ExecuteAsync(string sql, object? values = null) => connection.ExecuteAsync(Command(sql, values));

    /// <returns>The one row, or null when there is none.</returns>
    public Task<T?> FindAsync<T>(string sql, object? values = null) => connection.QuerySingleOrDefaultAsync<T>(Command(sql, values));

    public async Task<IReadOnlyList<T>> ListAsync<T>(string sql, object? values = null) =>
        (await connection.QueryAsync<T>(Command(sql, values))).AsList();

    /// <summary>Adds an event to the audit log, besides the one that the verdict tells.</summary>
    /// <exception cref="TooManyChangesException">Its actor made too many changes lately.</exception>
    public Task AlsoHappenedAsync(AuditEvent happened) => audit.AppendAsync(connection, transaction, happened, cancel);

    private CommandDefinition Command(string sql, object? values) => new(sql, values, transaction, cancellationToken: cancel);
}
