using System.Data.Common;
using Dapper;
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
                happened.Target,
                happened.Actor.Origin.Client,
                happened.Actor.Origin.Address,
            },
            transaction,
            cancellationToken: cancel));
    }

    /// <summary>Adds what changed nothing else, such as a failed sign-in.</summary>
    public async Task AppendAsync(AuditEvent happened, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await AppendAsync(connection, null, happened, cancel);
    }

    private static string Text(AuditOutcome outcome) => outcome switch
    {
        AuditOutcome.Done => "done",
        AuditOutcome.Failed => "failed",
        _ => "refused",
    };
}
