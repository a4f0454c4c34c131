using System.Collections.Frozen;
using System.Data.Common;
using Dapper;
using TraceVault.Identity;
using TraceVault.Logging;
using TraceVault.Storage;

namespace TraceVault.Changes;

/// <summary>
/// Records who did what, when, from where and with what outcome. An event is written in the transaction of its change; the application can
/// only add and read.
/// </summary>
/// <remarks>Nobody can delete events, so what one person may add in an hour is limited: a change beyond that limit is not made.</remarks>
internal sealed class AuditLog(Database database, TimeProvider clock)
{
    /// <summary>
    /// How many changes of one area (keys, tokens, …) one person may make in <see cref="Window"/>; more for sign-ins, which scripts make,
    /// and for members, when a whole team joins.
    /// </summary>
    public const int MaxChanges = 200, MaxFrequent = 1000;

    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>
    /// Actions that only take something away. They are never refused: what they end had to be made before, and that was counted.
    /// </summary>
    private static readonly FrozenSet<string> Endings = FrozenSet.Create(
        AuditActions.SignOut,
        AuditActions.SessionEnded,
        AuditActions.OtherSessionsEnded,
        AuditActions.AllSessionsEnded,
        AuditActions.KeyRemoved,
        AuditActions.TraceErased,
        AuditActions.TracesErased,
        AuditActions.TokenRevoked,
        AuditActions.InviteWithdrawn,
        AuditActions.Disabled,
        AuditActions.Removed,
        AuditActions.DeviceRefused,
        AuditActions.DeviceWithdrawn,
        AuditActions.DeviceCodeReused,
        AuditActions.RefreshReused,
        AuditActions.RefreshRefused);

    private const string LatelyByActor =
        "select count(*) from audit_events where actor_id = @ActorId and at > @Since and action like @Area";

    /// <summary>Adds to the log on the connection, and in the transaction, of the change.</summary>
    /// <exception cref="TooManyChangesException">
    /// The actor made too many changes within the last hour: the transaction must not be committed.
    /// </exception>
    public async Task AppendAsync(
        DbConnection connection, DbTransaction? transaction, AuditEvent happened, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow();
        var isDoneEnding = happened.Outcome is AuditOutcome.Done && Endings.Contains(happened.Action);
        var isBounded = happened.Actor.UserId is not null && !isDoneEnding;
        var added = await connection.ExecuteAsync(new CommandDefinition(
            $"""
            insert into audit_events (id, at, action, outcome, actor_id, actor_email, subject_id, subject_email, target, client, address)
            select @Id, @At, @Action, @Outcome, @ActorId, @ActorEmail, @SubjectId, @SubjectEmail, @Target, @Client, @Address
            where @Most = 0 or ({LatelyByActor}) < @Most
            """,
            new
            {
                Id = Guid.CreateVersion7(now).ToString(),
                At = now,
                happened.Action,
                Outcome = Text(happened.Outcome),
                ActorId = happened.Actor.UserId,
                ActorEmail = happened.Actor.Email,
                happened.SubjectId,
                happened.SubjectEmail,
                Target = Redaction.Of(happened.Target),
                happened.Actor.Origin.Client,
                happened.Actor.Origin.Address,
                Most = isBounded ? Most(happened.Action) : 0,
                Since = Since(now),
                Area = Area(happened.Action),
            },
            transaction,
            cancellationToken: cancel));
        if (added == 0)
        {
            throw new TooManyChangesException();
        }
    }

    /// <summary>Checks the limit in advance, for a change that costs something before it is made.</summary>
    /// <exception cref="TooManyChangesException">The change would be refused.</exception>
    public async Task RequireRoomAsync(string action, Actor actor, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var lately = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            LatelyByActor,
            new { ActorId = actor.UserId, Since = Since(clock.GetUtcNow()), Area = Area(action) },
            cancellationToken: cancel));
        if (lately >= Most(action))
        {
            throw new TooManyChangesException();
        }
    }

    /// <summary>
    /// Adds a failed attempt. After the last one that is allowed for a while, it also adds that further ones are refused. Those add nothing
    /// themselves, because somebody who guesses could fill the log.
    /// </summary>
    public async Task AppendFailureAsync(AuditEvent failed, bool isLast, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await AppendAsync(connection, transaction, failed, cancel);
        if (isLast)
        {
            await AppendAsync(connection, transaction, failed with { Outcome = AuditOutcome.Refused }, cancel);
        }

        await transaction.CommitAsync(cancel);
    }

    private static string Area(string action) => action[..(action.IndexOf('.', StringComparison.Ordinal) + 1)] + '%';

    private static long Most(string action) => Area(action) is "session.%" or "member.%" ? MaxFrequent : MaxChanges;

    private static DateTimeOffset Since(DateTimeOffset now) => now - Window;

    private static string Text(AuditOutcome outcome) => outcome switch
    {
        AuditOutcome.Done => "done",
        AuditOutcome.Failed => "failed",
        _ => "refused",
    };
}
