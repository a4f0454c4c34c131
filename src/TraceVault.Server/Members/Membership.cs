using System.Globalization;
using Dapper;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Members;

/// <summary>
/// The members, and what administrators change about them. A change ends the member's sessions and proxy tokens in its own transaction.
/// </summary>
internal sealed class Membership(Database database, ChangeMaker changes)
{
    public async Task<IReadOnlyList<Member>> ListAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return (await connection.QueryAsync<Member>(new CommandDefinition(
            $"select {Member.Columns} from users u order by u.email_key", cancellationToken: cancel))).AsList();
    }

    public async Task<Member?> FindAsync(string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Member>(new CommandDefinition(
            $"select {Member.Columns} from users u where u.id = @id", new { id }, cancellationToken: cancel));
    }

    /// <returns>The address of an account that was removed; only the audit log still has it.</returns>
    public async Task<string?> RemovedEmailAsync(string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            "select subject_email from audit_events where action = @Removed and outcome = 'done' and subject_id = @id",
            new { AuditActions.Removed, id },
            cancellationToken: cancel));
    }

    /// <param name="role">One of <see cref="MemberPolicy.Roles"/>.</param>
    public Task<MemberOutcome> ChangeRoleAsync(Actor actor, string memberId, string role) =>
        ChangeAsync(actor, MemberAction.ChangeRole, memberId, async (change, me, member) =>
        {
            if (!MemberPolicy.MayGrant(me.Role, role))
            {
                return NotAllowed(MemberAction.ChangeRole, actor, member, role);
            }

            if (member.Role == role)
            {
                return Verdict.Nothing(MemberOutcome.Unchanged);
            }

            if (role != User.Owner && await change.IsLastOwnerAsync(member))
            {
                return Verdict.Nothing(MemberOutcome.LastOwner);
            }

            await change.ExecuteAsync(
                "update users set role = @role, updated_at = @Now where id = @Id", new { role, change.Now, member.Id });
            await change.EndAccessAsync(member.Id, actor);
            await change.WithdrawLinksOfAsync(member, actor);
            return Done(AuditActions.RoleChanged, actor, member, role);
        }, role);

    public Task<MemberOutcome> DisableAsync(Actor actor, string memberId) =>
        ChangeAsync(actor, MemberAction.Disable, memberId, async (change, _, member) =>
        {
            if (member.DisabledAt is not null)
            {
                return Verdict.Nothing(MemberOutcome.Done);
            }

            if (await change.IsLastOwnerAsync(member))
            {
                return Verdict.Nothing(MemberOutcome.LastOwner);
            }

            await change.ExecuteAsync(
                "update users set disabled_at = @Now, updated_at = @Now where id = @Id", new { change.Now, member.Id });
            await change.EndAccessAsync(member.Id, actor);
            await change.WithdrawLinksOfAsync(member, actor);
            return Done(AuditActions.Disabled, actor, member);
        });

    public Task<MemberOutcome> EnableAsync(Actor actor, string memberId) =>
        ChangeAsync(actor, MemberAction.Enable, memberId, async (change, _, member) =>
        {
            if (member.DisabledAt is null)
            {
                return Verdict.Nothing(MemberOutcome.Done);
            }

            await change.ExecuteAsync(
                "update users set disabled_at = null, updated_at = @Now where id = @Id", new { change.Now, member.Id });
            await change.EndAccessAsync(member.Id, actor); // whatever a request under way left when the account was disabled
            return Done(AuditActions.Enabled, actor, member);
        });

    /// <summary>Deletes the account with its key, sessions and tokens; the audit log stays.</summary>
    public Task<MemberOutcome> RemoveAsync(Actor actor, string memberId) =>
        ChangeAsync(actor, MemberAction.Remove, memberId, async (change, _, member) =>
        {
            if (await change.IsLastOwnerAsync(member))
            {
                return Verdict.Nothing(MemberOutcome.LastOwner);
            }

            await change.WithdrawResetsAsync("user_id", member.Id, actor);
            await change.WithdrawLinksOfAsync(member, actor);
            await change.ExecuteAsync("delete from users where id = @Id", new { member.Id });
            return Done(AuditActions.Removed, actor, member, member.Role);
        });

    public Task<MemberOutcome> EndSessionsAsync(Actor actor, string memberId) =>
        ChangeAsync(actor, MemberAction.EndSessions, memberId, async (change, _, member) =>
        {
            await Scope.User(member.Id).LockAsync(change);
            var ended = await change.ExecuteAsync("delete from auth_sessions where user_id = @Id", new { member.Id });
            return Done(AuditActions.AllSessionsEnded, actor, member, ended.ToString(CultureInfo.InvariantCulture));
        });

    private static AuditEvent Of(string action, Actor actor, Member member, string? target = null) =>
        new(action, actor, member.Id, member.Email, target);

    private static Verdict<MemberOutcome> Done(string action, Actor actor, Member member, string? target = null) =>
        Verdict.Done(MemberOutcome.Done, ChangeKind.Member, member.Id, Of(action, actor, member, target));

    private static Verdict<MemberOutcome> NotAllowed(MemberAction action, Actor actor, Member member, string? target) =>
        Verdict.Refused(MemberOutcome.NotAllowed, Of(NameOf(action), actor, member, target));

    private Task<MemberOutcome> ChangeAsync(
        Actor actor,
        MemberAction action,
        string memberId,
        Func<Change, Member, Member, Task<Verdict<MemberOutcome>>> step,
        string? target = null) =>
        changes.MakeAsync(Scope.Members, async change =>
        {
            if (await change.FindMemberAsync(memberId) is not { } member)
            {
                return Verdict.Nothing(MemberOutcome.Unknown);
            }

            return await change.FindMemberAsync(actor.UserId) is { DisabledAt: null } me
                && MemberPolicy.Allows(me.Role, action, member.Role, me.Id == member.Id)
                ? await step(change, me, member)
                : NotAllowed(action, actor, member, target);
        });

    private static string NameOf(MemberAction action) => action switch
    {
        MemberAction.ChangeRole => AuditActions.RoleChanged,
        MemberAction.Disable => AuditActions.Disabled,
        MemberAction.Enable => AuditActions.Enabled,
        MemberAction.Remove => AuditActions.Removed,
        MemberAction.ResetPassword => AuditActions.ResetIssued,
        MemberAction.EndSessions => AuditActions.AllSessionsEnded,
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };
}
