using System.Data.Common;
using Dapper;
using TraceVault.Operations;
using TraceVault.Storage;

namespace TraceVault.Audit;

/// <summary>Who did what, when, from where and with what outcome. Written in the transaction of the change itself; the application can add and read, nothing else.</summary>
internal sealed class AuditLog(Database database, TimeProvider clock)
{
    /// <summary>Adds to the log on the connection, and in the transaction, of the change.</summary>
    public Task AppendAsync(DbConnection connection, DbTransaction? transaction, AuditEvent happened, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow();
        return connection.ExecuteAsync(new CommandDefinition(
            """
            insert into audit_events (id, at, action, outcome, actor_id, actor_email, subject_id, subject_email, target, client, address)
            values (@Id, @At, @Action, @Outcome, @ActorId, @ActorEmail, @SubjectId, @SubjectEmail, @Target, @Client, @Address)
            """,
            new
            {
                Id = Guid.CreateVersion7(now).ToString(),
                At = now.ToUnixTimeMilliseconds(),
                happened.Action,
                Outcome = Text(happened.Outcome),
                ActorId = happened.Actor.UserId,
                ActorEmail = happened.Actor.Email,
                happened.SubjectId,
                happened.SubjectEmail,
                Target = Redaction.Of(happened.Target),
                happened.Actor.Origin.Client,
                happened.Actor.Origin.Address,
            },
            transaction,
            cancellationToken: cancel));
    }

    /// <summary>Makes a change and adds it to the log in one transaction; adds nothing when there was nothing to change.</summary>
    /// <param name="change">Returns how many rows it changed.</param>
    /// <param name="happened">What that was, given how many rows.</param>
    /// <param name="cancel">Until the commit.</param>
    /// <returns>How many rows were changed.</returns>
    public async Task<int> RecordAsync(Func<DbConnection, DbTransaction, Task<int>> change, Func<int, AuditEvent> happened, CancellationToken cancel = default)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var changed = await change(connection, transaction);
        if (changed > 0)
        {
            await AppendAsync(connection, transaction, happened(changed), cancel);
        }

        await transaction.CommitAsync(cancel);
        return changed;
    }

    /// <summary>Adds a failed attempt, and after the last one that is looked at for a while, that further ones are refused: those write nothing, or a guesser would fill the log.</summary>
    public async Task AppendFailureAsync(AuditEvent failed, bool isLast, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await AppendAsync(connection, transaction, failed, cancel);
        if (isLast)
        {
            await AppendAsync(connection, transaction, failed with { Outcome = AuditOutcome.Refused }, cancel);
        }

        await transaction.CommitAsync(cancel);
    }

    private static string Text(AuditOutcome outcome) => outcome switch
    {
        AuditOutcome.Done => "done",
        AuditOutcome.Failed => "failed",
        _ => "refused",
    };
}
