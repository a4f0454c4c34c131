using TraceVault.Changes;
using TraceVault.Identity;

namespace TraceVault.Members;

/// <summary>
/// What changes of the members have in common. They lock <see cref="Scope.Members"/>: what they read stays true until they have written.
/// </summary>
/// <remarks>So two owners cannot demote each other, and somebody who loses a role at this moment cannot use it any more.</remarks>
internal static class MemberChanges
{
    private sealed record WithdrawnReset(string Id, string Email);

    public static Task<Member?> FindMemberAsync(this Change change, string? id) =>
        change.FindAsync<Member>($"select {Member.Columns} from users u where u.id = @id", new { id });

    public static async Task<bool> IsLastOwnerAsync(this Change change, Member member) =>
        member is { Role: User.Owner, DisabledAt: null }
        && await change.FindAsync<long>(
            "select count(*) from users where role = @Owner and disabled_at is null and id <> @Id", new { User.Owner, member.Id }) == 0;

    /// <summary>
    /// Ends a user's sessions and tokens, and the reset link for them. The user's row has to be written before: a sign-in under way waits
    /// for it.
    /// </summary>
    public static async Task EndAccessAsync(this Change change, string userId, Actor actor, string? exceptSession = null)
    {
        var except = exceptSession ?? "";
        await change.ExecuteAsync("delete from auth_sessions where user_id = @userId and id <> @except", new { userId, except });
        await change.ExecuteAsync("delete from proxy_tokens where user_id = @userId", new { userId });
        // Those are approved, but nobody has fetched their session yet.
        await change.ExecuteAsync("delete from device_authorizations where user_id = @userId", new { userId });
        await change.WithdrawResetsAsync("user_id", userId, actor);
    }

    /// <summary>Withdraws the links that somebody handed out under a role that they no longer have.</summary>
    public static async Task WithdrawLinksOfAsync(this Change change, Member issuer, Actor actor)
    {
        var invited = await change.ListAsync<string>(
            "select email from invites where invited_by = @Id and expires_at > @Now order by id", new { issuer.Id, change.Now });
        foreach (var email in invited)
        {
            await change.AlsoHappenedAsync(new AuditEvent(AuditActions.InviteWithdrawn, actor, null, email));
        }

        await change.ExecuteAsync("delete from invites where invited_by = @Id", new { issuer.Id });
        await change.WithdrawResetsAsync("issued_by", issuer.Id, actor);
    }

    /// <summary>Withdraws reset links; the audit log gets an event for each that was still valid.</summary>
    /// <param name="change">The change under way.</param>
    /// <param name="column">The column to look in: <c>user_id</c> or <c>issued_by</c>.</param>
    /// <param name="id">The value of that column.</param>
    /// <param name="actor">Who makes the change.</param>
    public static async Task WithdrawResetsAsync(this Change change, string column, string id, Actor actor)
    {
        var good = await change.ListAsync<WithdrawnReset>(
            "select u.id, u.email from password_resets join users u on u.id = user_id "
            + $"where {column} = @id and expires_at > @Now order by u.id",
            new { id, change.Now });
        foreach (var reset in good)
        {
            await change.AlsoHappenedAsync(new AuditEvent(AuditActions.ResetWithdrawn, actor, reset.Id, reset.Email));
        }

        await change.ExecuteAsync($"delete from password_resets where {column} = @id", new { id });
    }
}
