using TraceVault.Changes;
using TraceVault.Identity;

namespace TraceVault.Capture.Retention;

/// <summary>
/// Erases content by destroying its key: from the commit on nobody can read it, in no copy of the parts, and not in a backup that lacks the
/// row of the key. The parts are collected later, and the rows of usage stay.
/// </summary>
internal sealed class Erasure(ChangeMaker changes)
{
    /// <param name="id">The trace.</param>
    /// <param name="eraser">Erases their own traces; an owner of the server anybody's, without being able to read them.</param>
    /// <param name="actor">For the audit log.</param>
    /// <param name="cancel">Stops before the commit.</param>
    /// <returns>False when there is no such trace, or when it is not theirs to erase.</returns>
    public Task<bool> EraseTraceAsync(string id, User eraser, Actor actor, CancellationToken cancel) => changes.MakeAsync(
        Scope.None,
        async change =>
        {
            await change.ExecuteAsync("update traces set erased_at = @Now where id = @id and erased_at is null", new { change.Now, id });
            var (userId, email) = await change.FindAsync<(string? UserId, string? Email)>(
                "select t.user_id, u.email from traces t left join users u on u.id = t.user_id where t.id = @id", new { id });
            if (userId is null || (userId != eraser.Id && eraser.Role != User.Owner))
            {
                return Verdict.Nothing(false);
            }

            await change.ExecuteAsync("delete from capture_trace_keys where trace_id = @id", new { id });
            return Verdict.Done(true, ChangeKind.Erasure, id, new AuditEvent(AuditActions.TraceErased, actor, userId, email, id));
        },
        cancel);

    /// <summary>Erases the content of everything that a user has recorded so far.</summary>
    public Task EraseOwnAsync(User user, Actor actor, CancellationToken cancel) => changes.MakeAsync(
        Scope.User(user.Id),
        async change =>
        {
            await change.ExecuteAsync("delete from capture_trace_keys where user_id = @Id", new { user.Id });
            await change.ExecuteAsync("delete from capture_user_keys where user_id = @Id", new { user.Id });
            await change.ExecuteAsync(
                "update traces set erased_at = @Now where user_id = @Id and erased_at is null", new { change.Now, user.Id });
            return Verdict.Done(true, ChangeKind.Erasure, user.Id, AuditEvent.Own(AuditActions.TracesErased, actor));
        },
        cancel);
}
