using System.Globalization;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Audit;
using TraceVault.Storage;

namespace TraceVault.Members;

/// <summary>Links by which somebody chooses a new password: one a user, good once, for a day. The token is stored as its hash alone.</summary>
/// <remarks>
/// Whoever hands out a link could use it themselves. So a reset removes the stored key: nobody comes to another's key by way of their password.
/// A disabled account has a link only from the machine itself, since disabling ends all others; that one enables it again.
/// </remarks>
internal sealed class PasswordResets(Database database, UserChanges changes, AuditLog audit, TimeProvider clock) : IExpiring
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    internal sealed record Issued(MemberOutcome Outcome, IssuedLink? Link = null, string? Email = null);

    /// <summary>Whose password a link changes, and until when.</summary>
    internal sealed record Pending(string UserId, string Email, long ExpiresAt);

    /// <summary>What stands for there being no link, see <see cref="LatestAsync"/>.</summary>
    public const string NoLink = "none";

    /// <returns>What stands for the link that a user has, used for <c>replaces</c>: a form that is sent twice must not replace the link that it made at first.</returns>
    public async Task<string> LatestAsync(string userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return Mark(await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(MadeAt, new { userId }, cancellationToken: cancel)));
    }

    /// <summary>An administrator's link for a member.</summary>
    /// <param name="replaces">The link that it may replace; null: any.</param>
    public async Task<Issued> IssueAsync(Actor actor, string memberId, string? replaces = null)
    {
        await using var change = await MemberTransaction.BeginAsync(database, audit, clock);
        if (await change.FindAsync(memberId) is not { } member)
        {
            return new Issued(MemberOutcome.Unknown);
        }

        if (await change.FindAsync(actor.UserId) is not { DisabledAt: null } me || !MemberPolicy.Allows(me.Role, MemberAction.ResetPassword, member.Role, me.Id == member.Id))
        {
            await change.RefuseAsync(new AuditEvent(AuditActions.ResetIssued, actor, member.Id, member.Email));
            return new Issued(MemberOutcome.NotAllowed);
        }

        return member.DisabledAt is not null ? new Issued(MemberOutcome.Disabled)
            : replaces is not null && Mark(await change.QueryAsync<long?>(MadeAt, new { userId = member.Id })) is var mark && mark != NoLink && mark != replaces ? new Issued(MemberOutcome.LinkMade)
            : await IssueAsync(change, actor, member);
    }

    /// <summary>The operator's link, who is at the machine itself and asks nobody; an owner who is disabled gets one too.</summary>
    public async Task<Issued> IssueAtMachineAsync(EmailAddress email)
    {
        await using var change = await MemberTransaction.BeginAsync(database, audit, clock);
        var member = await change.QueryAsync<Member>($"select {Member.Columns} from users u where u.email_key = @Key", new { email.Key });
        return member is null ? new Issued(MemberOutcome.Unknown)
            : member is { DisabledAt: not null, Role: not User.Owner } ? new Issued(MemberOutcome.Disabled)
            : await IssueAsync(change, new Actor(null, null, new Origin("tracevault-server --reset-password", null)), member);
    }

    /// <returns>What the link is for, expired or not; null when it was used, replaced or never made. Looking at it does not use it.</returns>
    public async Task<Pending?> FindAsync(TokenHash link, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Pending>(new CommandDefinition(
            "select r.user_id, u.email, r.expires_at from password_resets r join users u on u.id = r.user_id where r.token_hash = @Hash",
            new { Hash = link.ToBytes() },
            cancellationToken: cancel));
    }

    public bool IsExpired(Pending reset) => reset.ExpiresAt <= Now;

    /// <summary>Sets the password and ends everything that the old one stood for. Of two who use one link at once, one gets it.</summary>
    /// <returns>Whose password it is; null when the link may not be used any more.</returns>
    public async Task<User?> UseAsync(Pending reset, TokenHash link, string passwordHash, Origin origin)
    {
        User? user = null;
        await changes.MakeAsync(reset.UserId, async () =>
        {
            await using var change = await MemberTransaction.BeginAsync(database, audit, clock);
            var used = await change.ExecuteAsync(
                "delete from password_resets where token_hash = @Hash and user_id = @UserId and expires_at > @Now", new { Hash = link.ToBytes(), reset.UserId, Now });
            if (used == 0 || await change.FindAsync(reset.UserId) is not { } member)
            {
                return 0;
            }

            await ChangePasswordAsync(change, member, passwordHash, new Actor(member.Id, member.Email, origin));
            await change.CommitAsync();
            user = member.User;
            return 1;
        });
        return user;
    }

    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from password_resets where expires_at < @before", new { before = LinkTokens.ForgottenBefore(clock) }, cancellationToken: cancel));
    }

    private const string MadeAt = "select created_at from password_resets where user_id = @userId";

    private static string Mark(long? madeAt) => madeAt?.ToString(CultureInfo.InvariantCulture) ?? NoLink;

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task<Issued> IssueAsync(MemberTransaction change, Actor actor, Member member)
    {
        var (token, expires) = (AccessToken.Create(TokenKind.Link), clock.GetUtcNow() + Lifetime);
        await change.WithdrawResetsAsync("user_id", member.Id, actor);
        await change.ExecuteAsync(
            "insert into password_resets (user_id, token_hash, issued_by, created_at, expires_at) values (@Id, @Hash, @By, @Now, @Expires)",
            new { member.Id, Hash = token.Hash().ToBytes(), By = actor.UserId, Now, Expires = expires.ToUnixTimeMilliseconds() });
        await change.AppendAsync(new AuditEvent(AuditActions.ResetIssued, actor, member.Id, member.Email));
        await change.CommitAsync();
        return new Issued(MemberOutcome.Done, new IssuedLink(token, expires), member.Email);
    }

    private async Task ChangePasswordAsync(MemberTransaction change, Member member, string passwordHash, Actor actor)
    {
        await change.ExecuteAsync("update users set password_hash = @passwordHash, disabled_at = null, updated_at = @Now where id = @Id", new { passwordHash, Now, member.Id });
        await change.EndAccessAsync(member.Id, actor);
        await change.AppendAsync(AuditEvent.Own(AuditActions.PasswordReset, actor));
        if (member.DisabledAt is not null)
        {
            await change.AppendAsync(AuditEvent.Own(AuditActions.Enabled, actor));
        }

        if (await change.ExecuteAsync("delete from user_anthropic_keys where user_id = @Id", new { member.Id }) > 0)
        {
            await change.AppendAsync(AuditEvent.Own(AuditActions.KeyRemoved, actor));
        }
    }
}
