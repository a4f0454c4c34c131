using System.Data.Common;
using Dapper;
using TraceVault.Storage;

namespace TraceVault.Changes;

/// <summary>The one unit of work for everything that people manage: lock, execute, audit, number, commit, tell.</summary>
internal sealed class ChangeMaker(Database database, AuditLog audit, ChangeFeed feed, TimeProvider clock) : IExpiring
{
    /// <summary>
    /// How long a change can be read in the table. A server that was away for longer has nothing in memory that would still be good.
    /// </summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(7);

    /// <param name="scope">What is locked first.</param>
    /// <param name="step">Reads, writes, and says what came of it.</param>
    /// <param name="cancel">Cancels up to the commit: a committed change has to be told even if nobody waits for it any more.</param>
    /// <exception cref="TooManyChangesException">Its actor made too many changes lately; nothing changed.</exception>
    public async Task<T> MakeAsync<T>(Scope scope, Func<Change, Task<Verdict<T>>> step, CancellationToken cancel = default)
    {
        ChangeNotice? told = null;
        try
        {
            await using var connection = await database.OpenWriterAsync(cancel);
            Verdict<T> verdict;
            await using (var transaction = await connection.BeginTransactionAsync(cancel))
            {
                var change = new Change(connection, transaction, audit, UnixTime.Now(clock), cancel);
                await scope.LockAsync(change);
                verdict = await step(change);
                if (verdict.Keeps is Keeping.All)
                {
                    await KeepAsync(connection, transaction, verdict.Happened, verdict.Notice, change.Now, cancel);
                    told = verdict.Notice; // set before the commit, because the connection may break after it
                    await transaction.CommitAsync(CancellationToken.None);
                    return verdict.Result;
                }
            }

            if (verdict.Keeps is Keeping.Event)
            {
                await using var transaction = await connection.BeginTransactionAsync(cancel);
                await audit.AppendAsync(connection, transaction, verdict.Happened!, cancel);
                await transaction.CommitAsync(CancellationToken.None);
            }

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

    private async Task KeepAsync(
        DbConnection connection,
        DbTransaction transaction,
        AuditEvent? happened,
        ChangeNotice? notice,
        DateTimeOffset now,
        CancellationToken cancel)
    {
        if (happened is not null)
        {
            await audit.AppendAsync(connection, transaction, happened, cancel);
        }

        if (notice is { } told)
        {
            await NumberAsync(connection, transaction, told, now, cancel);
        }
    }

    /// <summary>
    /// Runs last, because the counter is locked until the commit. So the numbers follow the order of the commits, and whoever reads all
    /// changes after the last number that they know misses none. A sequence would number changes in another order than that of their
    /// commits.
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
        ChangeKind.Capture => "capture",
        ChangeKind.Erasure => "erasure",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
