using System.Globalization;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Keys;
using TraceVault.Storage;

namespace TraceVault.Members;

/// <summary>
/// Links with which somebody chooses a new password: one per user, good once, for a day. Of the token only the hash is stored.
/// </summary>
/// <remarks>
/// Whoever hands out a link could use it themselves. So a reset removes the stored key: nobody gets at another's key through their
/// password. A disabled account can have a link only from the machine itself, since disabling ends all others; that link enables the
/// account again.
/// </remarks>
internal sealed class PasswordResets(Database database, ChangeMaker changes, TimeProvider clock) : IExpiring
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    internal sealed record Issued(MemberOutcome Outcome, IssuedLink? Link = null, string? Email = null);

    /// <summary>Whose password a link changes, and until when.</summary>
    internal sealed record Pending(string UserId, string Email, DateTimeOffset ExpiresAt);

    /// <summary>The mark that says that there is no link, see <see cref="LatestAsync"/>.</summary>
    public const string NoLink = "none";

    /// <returns>
    /// A mark for the link that a user has, to be given as <c>replaces</c>: a form that is sent twice must not replace the link that it
    /// made the first time.
    /// </returns>
    public async Task<string> LatestAsync(string userId, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return Mark(await connection.QuerySingleOrDefaultAsync<long?>(
            new CommandDefinition(MadeAt, new { userId }, cancellationToken: cancel)));
    }

    /// <summary>Makes an administrator's link for a member.</summary>
    /// <param name="replaces">The mark of the link that it may replace; null: any.</param>
    public Task<Issued> IssueAsync(
        Actor actor, string memberId, string? replaces = null) => changes.MakeAsync(Scope.Members, async change =>
    {
        if (await change.FindMemberAsync(memberId) is not { } member)
        {
            return Verdict.Nothing(new Issued(MemberOutcome.Unknown));
        }

        var me = await change.FindMemberAsync(actor.UserId);
        if (me is not { DisabledAt: null } || !MemberPolicy.Allows(me.Role, MemberAction.ResetPassword, member.Role, me.Id == member.Id))
        {
            return Verdict.Refused(
                new Issued(MemberOutcome.NotAllowed), new AuditEvent(AuditActions.ResetIssued, actor, member.Id, member.Email));
        }

        if (member.DisabledAt is not null)
        {
            return Verdict.Nothing(new Issued(MemberOutcome.Disabled));
        }

        var mark = replaces is null ? NoLink : Mark(await change.FindAsync<long?>(MadeAt, new { userId = member.Id }));
        return mark == NoLink || mark == replaces
            ? await IssueAsync(change, actor, member)
            : Verdict.Nothing(new Issued(MemberOutcome.LinkMade));
    });

    /// <summary>
    /// Makes a link for the operator, who is at the machine itself and needs no permission; for a disabled owner too.
    /// </summary>
    public Task<Issued> IssueAtMachineAsync(EmailAddress email) => changes.MakeAsync(Scope.Members, async change =>
    {
        var member = await change.FindAsync<Member>($"select {Member.Columns} from users u where u.email_key = @Key", new { email.Key });
        return member is null ? Verdict.Nothing(new Issued(MemberOutcome.Unknown))
            : member is { DisabledAt: not null, Role: not User.Owner } ? Verdict.Nothing(new Issued(MemberOutcome.Disabled))
            : await IssueAsync(change, new Actor(null, null, new Origin("tracevault-server --reset-password", null)), member);
    });

    /// <returns>
    /// What the link is for, expired or not; null when it was used, replaced or never made. Looking at it does not use it up.
    /// </returns>
    public async Task<Pending?> FindAsync(TokenHash link, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Pending>(new CommandDefinition(
            "select r.user_id, u.email, r.expires_at from password_resets r join users u on u.id = r.user_id where r.token_hash = @Hash",
            new { Hash = link.ToBytes() },
            cancellationToken: cancel));
    }

    public bool IsExpired(Pending reset) => reset.ExpiresAt <= clock.GetUtcNow();

    /// <summary>
    /// Sets the password and ends everything that the old one gave access to. If two people use one link at once, one of them succeeds.
    /// </summary>
    /// <returns>The user whose password it is; null when the link may not be used any more.</returns>
    public Task<User?> UseAsync(
        Pending reset, TokenHash link, string passwordHash, Origin origin) => changes.MakeAsync<User?>(Scope.Members, async change =>
    {
        var used = await change.ExecuteAsync(
            "delete from password_resets where token_hash = @Hash and user_id = @UserId and expires_at > @Now",
            new { Hash = link.ToBytes(), reset.UserId, change.Now });
        if (used == 0 || await change.FindMemberAsync(reset.UserId) is not { } member)
        {
            return Verdict.Nothing<User?>(null);
        }

        var actor = new Actor(member.Id, member.Email, origin);
        await ChangePasswordAsync(change, member, passwordHash, actor);
        return Verdict.Done<User?>(member.User, ChangeKind.Member, member.Id, AuditEvent.Own(AuditActions.PasswordReset, actor));
    });

    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from password_resets where expires_at < @before",
            new { before = LinkTokens.ForgottenBefore(clock) },
            cancellationToken: cancel));
    }

    private const string MadeAt = "select created_at from password_resets where user_id = @userId";

    private static string Mark(long? madeAt) => madeAt?.ToString(CultureInfo.InvariantCulture) ?? NoLink;

    private static async Task<Verdict<Issued>> IssueAsync(Change change, Actor actor, Member member)
    {
        var link = new IssuedLink(AccessToken.Create(TokenKind.Link), change.Now + Lifetime);
        await change.WithdrawResetsAsync("user_id", member.Id, actor);
        await change.ExecuteAsync(
            """
            insert into password_resets (user_id, token_hash, issued_by, created_at, expires_at)
            values (@Id, @Hash, @By, @Now, @Expires)
            """,
            new
            {
                member.Id,
                Hash = link.Token.Hash().ToBytes(),
                By = actor.UserId,
                change.Now,
                Expires = link.ExpiresAt,
            });
        var happened = new AuditEvent(AuditActions.ResetIssued, actor, member.Id, member.Email);
        return Verdict.Done(new Issued(MemberOutcome.Done, link, member.Email), ChangeKind.Member, member.Id, happened);
    }

    private static async Task ChangePasswordAsync(Change change, Member member, string passwordHash, Actor actor)
    {
        await change.ExecuteAsync(
            "update users set password_hash = @passwordHash, disabled_at = null, updated_at = @Now where id = @Id",
            new { passwordHash, change.Now, member.Id });
        await change.EndAccessAsync(member.Id, actor);
        if (member.DisabledAt is not null)
        {
            await change.AlsoHappenedAsync(AuditEvent.Own(AuditActions.Enabled, actor));
        }

        if (await ProviderKeys.RemoveAllAsync(change, member.Id))
        {
            await change.AlsoHappenedAsync(AuditEvent.Own(AuditActions.KeyRemoved, actor));
        }
    }
}
