using System.Data.Common;
using Dapper;
using TraceVault.Storage;

namespace TraceVault.Changes;

/// <summary>The one unit of work of whatever somebody manages: lock, execute, audit, number, commit, tell.</summary>
internal sealed class ChangeMaker(Database database, AuditLog audit, ChangeFeed feed, TimeProvider clock) : IExpiring
{
    /// <summary>How long a change can be read in the table. A server that was away for longer knows nothing that it could keep.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(7);

    /// <param name="scope">What is locked first.</param>
    /// <param name="step">Reads, writes, and says what came of it.</param>
    /// <param name="cancel">Until the commit: a change that was committed must not go unheard because nobody waits for it.</param>
    /// <exception cref="TooManyChangesException">Its actor made too many changes lately; nothing changed.</exception>
    public async Task<T> MakeAsync<T>(Scope scope, Func<Change, Task<Verdict<T>>> step, CancellationToken cancel = default)
    {
        ChangeNotice? told = null;
        try
        {
            await using var connection = await database.OpenWriterAsync(cancel);
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            var change = new Change(connection, transaction, audit, UnixTime.Now(clock), cancel);
            await scope.LockAsync(change);
            var verdict = await step(change);
            if (!verdict.IsKept)
            {
                return verdict.Result;
            }

            if (verdict.Happened is { } happened)
            {
                await audit.AppendAsync(connection, transaction, happened, cancel);
            }

            if (verdict.Notice is { } notice)
            {
                await NumberAsync(connection, transaction, notice, change.Now, cancel);
                told = notice; // from here on: a connection may break after the commit
            }

            await transaction.CommitAsync(CancellationToken.None);
            return verdict.Result;
        }
        finally
        {
            if (told is { } notice)
            {
                feed.Tell(notice);
            }
        }
    }

    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        var before = clock.GetUtcNow() - Remembered;
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(
            new CommandDefinition("delete from changes where at < @before", new { before }, cancellationToken: cancel));
    }

    /// <summary>
    /// Last, because the counter is locked until the commit: so the numbers follow the order of the commits, and whoever reads all after
    /// the last one that it knows misses none. A sequence would number changes that are committed in another order.
    /// </summary>
    private static async Task NumberAsync(
        DbConnection connection, DbTransaction transaction, ChangeNotice notice, DateTimeOffset at, CancellationToken cancel)
    {
        var n = await connection.ExecuteScalarAsync<long>(
            new CommandDefinition("update change_counter set n = n + 1 returning n", transaction: transaction, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into changes (n, at, kind, subject) values (@n, @at, @Kind, @Subject)",
            new { n, at, Kind = Word(notice.Kind), notice.Subject },
            transaction,
            cancellationToken: cancel));
    }

    private static string Word(ChangeKind kind) => kind switch
    {
        ChangeKind.Access => "access",
        ChangeKind.Key => "key",
        ChangeKind.Member => "member",
        ChangeKind.Invite => "invite",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
