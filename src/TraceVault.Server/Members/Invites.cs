using Dapper;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Members;

internal enum InviteOutcome
{
    Done,

    /// <summary>There is no such invite: it was withdrawn, used, or never made.</summary>
    Unknown,
    NotAllowed,

    /// <summary>The address has an account.</summary>
    HasAccount,

    /// <summary>The form that was sent has already made this invite.</summary>
    LinkMade,
}

/// <summary>An invite as it is listed.</summary>
/// <param name="InvitedBy">The address of the person who made it.</param>
public sealed record Invite(string Id, string Email, string Role, string InvitedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <summary>
/// Invites in the database: one per address, good for one account, for seven days. Of a link's token only the hash is stored.
/// </summary>
internal sealed class Invites(Database database, ChangeMaker changes, TimeProvider clock) : IExpiring
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    private const string Select =
        "select i.id, i.email, i.role, u.email as invited_by, i.created_at, i.expires_at "
        + "from invites i join users u on u.id = i.invited_by";

    internal sealed record Created(InviteOutcome Outcome, Invite? Invite = null, IssuedLink? Link = null);

    /// <returns>The invites that may still be used, the newest first.</returns>
    public async Task<IReadOnlyList<Invite>> ListAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return (await connection.QueryAsync<Invite>(new CommandDefinition(
            $"{Select} where i.expires_at > @Now order by i.created_at desc, i.id desc",
            new { Now = clock.GetUtcNow() },
            cancellationToken: cancel))).AsList();
    }

    /// <returns>The invite of that id, expired or not.</returns>
    public Task<Invite?> FindAsync(string id, CancellationToken cancel) => FindAsync("i.id = @id", new { id }, cancel);

    /// <returns>The invite of that link, expired or not. Looking at it does not use it.</returns>
    public Task<Invite?> FindAsync(TokenHash link, CancellationToken cancel) =>
        FindAsync("i.token_hash = @Hash", new { Hash = link.ToBytes() }, cancel);

    public bool IsExpired(Invite invite) => invite.ExpiresAt <= clock.GetUtcNow();

    /// <summary>Makes an invite, and replaces the one that the address may have.</summary>
    /// <param name="actor">Who invites.</param>
    /// <param name="email">Who is invited.</param>
    /// <param name="role">One of <see cref="MemberPolicy.Roles"/>.</param>
    /// <param name="chosenId">
    /// The id that a form chose: if the form is sent again, as by a reload, it must not replace the link that it made.
    /// </param>
    public Task<Created> CreateAsync(
        Actor actor, EmailAddress email, string role, Guid? chosenId = null) => changes.MakeAsync(Scope.Members, async change =>
    {
        var invited = new AuditEvent(AuditActions.Invited, actor, null, email.Text, role);
        if (await change.FindMemberAsync(actor.UserId) is not { DisabledAt: null } me || !MemberPolicy.MayGrant(me.Role, role))
        {
            return Verdict.Refused(new Created(InviteOutcome.NotAllowed), invited);
        }

        if (await change.FindAsync<long>("select count(*) from users where email_key = @Key", new { email.Key }) > 0)
        {
            return Verdict.Nothing(new Created(InviteOutcome.HasAccount));
        }

        var id = chosenId?.ToString() ?? Guid.CreateVersion7(change.Now).ToString();
        if (await change.FindAsync<Invite>($"{Select} where i.email_key = @Key", new { email.Key }) is { } earlier)
        {
            if (earlier.Id == id)
            {
                return Verdict.Nothing(new Created(InviteOutcome.LinkMade));
            }

            if (!MemberPolicy.MayGrant(me.Role, earlier.Role))
            {
                return Verdict.Refused(new Created(InviteOutcome.NotAllowed), Withdrawn(earlier, actor));
            }

            await change.ExecuteAsync("delete from invites where id = @Id", new { earlier.Id });
            if (!IsExpired(earlier))
            {
                await change.AlsoHappenedAsync(Withdrawn(earlier, actor));
            }
        }

        if (await change.FindAsync<long>("select count(*) from invites where id = @id", new { id }) > 0)
        {
            id = Guid.CreateVersion7(change.Now).ToString(); // the same form, sent again for another address
        }

        var link = new IssuedLink(AccessToken.Create(TokenKind.Link), change.Now + Lifetime);
        var invite = new Invite(id, email.Text, role, me.Email, change.Now, link.ExpiresAt);
        await change.ExecuteAsync(
            """
            insert into invites (id, email, email_key, role, token_hash, invited_by, created_at, expires_at)
            values (@Id, @Email, @Key, @Role, @Hash, @By, @CreatedAt, @ExpiresAt)
            """,
            new
            {
                invite.Id,
                invite.Email,
                email.Key,
                invite.Role,
                Hash = link.Token.Hash().ToBytes(),
                By = me.Id,
                invite.CreatedAt,
                invite.ExpiresAt,
            });
        return Verdict.Done(new Created(InviteOutcome.Done, invite, link), ChangeKind.Invite, invite.Id, invited);
    });

    public Task<InviteOutcome> WithdrawAsync(Actor actor, string id) => changes.MakeAsync(Scope.Members, async change =>
    {
        if (await change.FindAsync<Invite>($"{Select} where i.id = @id", new { id }) is not { } invite)
        {
            return Verdict.Nothing(InviteOutcome.Unknown);
        }

        if (await change.FindMemberAsync(actor.UserId) is not { DisabledAt: null } me || !MemberPolicy.MayGrant(me.Role, invite.Role))
        {
            return Verdict.Refused(InviteOutcome.NotAllowed, Withdrawn(invite, actor));
        }

        await change.ExecuteAsync("delete from invites where id = @id", new { id });
        return Verdict.Done(InviteOutcome.Done, ChangeKind.Invite, id, Withdrawn(invite, actor));
    });

    /// <summary>Makes the account. If two people use one link at once, one of them gets it.</summary>
    /// <returns>Null when the link may not be used any more, or its address has got an account since.</returns>
    public Task<User?> AcceptAsync(
        TokenHash link, string? name, string passwordHash, Origin origin) => changes.MakeAsync<User?>(Scope.Members, async change =>
    {
        var found = await change.FindAsync<Invite>(
            $"{Select} where i.token_hash = @Hash and i.expires_at > @Now", new { Hash = link.ToBytes(), change.Now });
        if (found is not { } invite)
        {
            return Verdict.Nothing<User?>(null);
        }

        var user = new User(Guid.CreateVersion7(change.Now).ToString(), invite.Email, name, invite.Role);
        await change.ExecuteAsync("delete from invites where id = @Id", new { invite.Id });
        var inserted = await change.ExecuteAsync(
            """
            insert into users (id, email, email_key, name, role, password_hash, created_at, updated_at)
            values (@Id, @Email, @Key, @Name, @Role, @passwordHash, @Now, @Now)
            on conflict (email_key) do nothing
            """,
            new { user.Id, user.Email, EmailAddress.Of(user.Email).Key, user.Name, user.Role, passwordHash, change.Now });
        var joined = AuditEvent.Own(AuditActions.InviteAccepted, new Actor(user.Id, user.Email, origin), user.Role);
        return inserted == 0
            ? Verdict.Nothing<User?>(null)
            : Verdict.Done<User?>(user, ChangeKind.Member, user.Id, joined);
    });

    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from invites where expires_at < @before",
            new { before = LinkTokens.ForgottenBefore(clock) },
            cancellationToken: cancel));
    }

    private static AuditEvent Withdrawn(Invite invite, Actor actor) =>
        new(AuditActions.InviteWithdrawn, actor, null, invite.Email, invite.Role);

    private async Task<Invite?> FindAsync(string condition, object values, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Invite>(
            new CommandDefinition($"{Select} where {condition}", values, cancellationToken: cancel));
    }
}
