using System.Globalization;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Audit;
using TraceVault.Storage;

namespace TraceVault.Members;

/// <summary>The members, and what administrators change about them. A change ends the member's sessions and proxy tokens in its own transaction.</summary>
internal sealed class Membership(Database database, UserChanges changes, AuditLog audit, TimeProvider clock)
{
    public async Task<IReadOnlyList<Member>> ListAsync(CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return (await connection.QueryAsync<Member>(new CommandDefinition($"select {Member.Columns} from users u order by u.email_key", cancellationToken: cancel))).AsList();
    }

    public async Task<Member?> FindAsync(string id, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Member>(new CommandDefinition($"select {Member.Columns} from users u where u.id = @id", new { id }, cancellationToken: cancel));
    }

    /// <returns>The address of an account that was removed, which the audit log alone remembers.</returns>
    public async Task<string?> RemovedEmailAsync(string id, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            "select subject_email from audit_events where action = @Removed and outcome = 'done' and subject_id = @id", new { AuditActions.Removed, id }, cancellationToken: cancel));
    }

    /// <param name="role">One of <see cref="MemberPolicy.Roles"/>.</param>
    public Task<MemberOutcome> ChangeRoleAsync(Actor actor, string memberId, string role) => ChangeAsync(actor, MemberAction.ChangeRole, memberId, async (change, me, member) =>
    {
        if (!MemberPolicy.MayGrant(me.Role, role))
        {
            return MemberOutcome.NotAllowed;
        }

        if (member.Role == role)
        {
            return MemberOutcome.Unchanged;
        }

        if (role != User.Owner && await change.IsLastOwnerAsync(member))
        {
            return MemberOutcome.LastOwner;
        }

        await change.ExecuteAsync("update users set role = @role, updated_at = @now where id = @Id", new { role, now = Now, member.Id });
        await change.EndAccessAsync(member.Id, actor);
        await change.WithdrawLinksOfAsync(member, actor);
        await change.AppendAsync(Of(AuditActions.RoleChanged, actor, member, role));
        return MemberOutcome.Done;
    }, role);

    public Task<MemberOutcome> DisableAsync(Actor actor, string memberId) => ChangeAsync(actor, MemberAction.Disable, memberId, async (change, _, member) =>
    {
        if (member.DisabledAt is not null)
        {
            return MemberOutcome.Done;
        }

        if (await change.IsLastOwnerAsync(member))
        {
            return MemberOutcome.LastOwner;
        }

        await change.ExecuteAsync("update users set disabled_at = @now, updated_at = @now where id = @Id", new { now = Now, member.Id });
        await change.EndAccessAsync(member.Id, actor);
        await change.WithdrawLinksOfAsync(member, actor);
        await change.AppendAsync(Of(AuditActions.Disabled, actor, member));
        return MemberOutcome.Done;
    });

    public Task<MemberOutcome> EnableAsync(Actor actor, string memberId) => ChangeAsync(actor, MemberAction.Enable, memberId, async (change, _, member) =>
    {
        if (member.DisabledAt is null)
        {
            return MemberOutcome.Done;
        }

        await change.ExecuteAsync("update users set disabled_at = null, updated_at = @now where id = @Id", new { now = Now, member.Id });
        await change.EndAccessAsync(member.Id, actor); // what a request under way may have left when the account was disabled
        await change.AppendAsync(Of(AuditActions.Enabled, actor, member));
        return MemberOutcome.Done;
    });

    /// <summary>Deletes the account with its key, sessions and tokens; the audit log stays.</summary>
    public Task<MemberOutcome> RemoveAsync(Actor actor, string memberId) => ChangeAsync(actor, MemberAction.Remove, memberId, async (change, _, member) =>
    {
        if (await change.IsLastOwnerAsync(member))
        {
            return MemberOutcome.LastOwner;
        }

        await change.WithdrawResetsAsync("user_id", member.Id, actor);
        await change.WithdrawLinksOfAsync(member, actor);
        await change.ExecuteAsync("delete from users where id = @Id", new { member.Id });
        await change.AppendAsync(Of(AuditActions.Removed, actor, member, member.Role));
        return MemberOutcome.Done;
    });

    public Task<MemberOutcome> EndSessionsAsync(Actor actor, string memberId) => ChangeAsync(actor, MemberAction.EndSessions, memberId, async (change, _, member) =>
    {
        await change.ExecuteAsync("update users set updated_at = updated_at where id = @Id", new { member.Id }); // first: see Sessions.LockUserAsync
        var ended = await change.ExecuteAsync("delete from auth_sessions where user_id = @Id", new { member.Id });
        await change.AppendAsync(Of(AuditActions.AllSessionsEnded, actor, member, ended.ToString(CultureInfo.InvariantCulture)));
        return MemberOutcome.Done;
    });

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private static AuditEvent Of(string action, Actor actor, Member member, string? target = null) => new(action, actor, member.Id, member.Email, target);

    private async Task<MemberOutcome> ChangeAsync(
        Actor actor, MemberAction action, string memberId, Func<MemberTransaction, Member, Member, Task<MemberOutcome>> makeAsync, string? target = null)
    {
        var outcome = MemberOutcome.Unknown;
        await changes.MakeAsync(memberId, async () =>
        {
            await using var change = await MemberTransaction.BeginAsync(database, audit, clock);
            if (await change.FindAsync(memberId) is not { } member)
            {
                return 0;
            }

            outcome = await change.FindAsync(actor.UserId) is { DisabledAt: null } me && MemberPolicy.Allows(me.Role, action, member.Role, me.Id == member.Id)
                ? await makeAsync(change, me, member)
                : MemberOutcome.NotAllowed;
            if (outcome is MemberOutcome.Done)
            {
                await change.CommitAsync();
                return 1;
            }

            if (outcome is MemberOutcome.NotAllowed)
            {
                await change.RefuseAsync(Of(NameOf(action), actor, member, target));
            }

            return 0;
        });
        return outcome;
    }

    private static string NameOf(MemberAction action) => action switch
    {
        MemberAction.ChangeRole => AuditActions.RoleChanged,
        MemberAction.Disable => AuditActions.Disabled,
        MemberAction.Enable => AuditActions.Enabled,
        MemberAction.Remove => AuditActions.Removed,
        MemberAction.ResetPassword => AuditActions.ResetIssued,
        _ => AuditActions.AllSessionsEnded,
    };
}
