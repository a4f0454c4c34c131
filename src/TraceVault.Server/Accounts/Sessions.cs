using System.Data.Common;
using System.Globalization;
using Dapper;
using TraceVault.Audit;
using TraceVault.Storage;

namespace TraceVault.Accounts;

/// <summary>Sessions in the database. Lifetime 30 days, sliding; 90 days at most from the sign-in.</summary>
internal sealed class Sessions(Database database, UserChanges changes, AuditLog audit, TimeProvider clock) : IExpiring
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(90);

    /// <summary>How long a device's session waits for its first use: whoever gives up after the approval leaves one that nobody holds the token of.</summary>
    public static readonly TimeSpan Unused = TimeSpan.FromMinutes(30);

    /// <summary>How many sessions somebody may have; the one that was not used for longest ends when there are more. Far more than anybody has machines.</summary>
    public const int MaxPerUser = 100;

    /// <summary>How long an ended-by-age session is remembered, so that its owner is told that it expired and not that it is unknown.</summary>
    private static readonly TimeSpan RememberExpired = TimeSpan.FromDays(30);

    internal sealed record Created(AccessToken Token, DateTimeOffset ExpiresAt);

    internal sealed record Listed(string Id, string? Client, string? Address, long CreatedAt, long ExpiresAt, long LastUsedAt);

    /// <param name="ReplacedUntil">For an access token that a refresh has replaced: how long it still serves; else 0.</param>
    internal sealed record Found(string Id, string UserId, string Email, string? Name, string Role, long CreatedAt, long ExpiresAt, long LastUsedAt, long ReplacedUntil);

    internal readonly record struct Use(string Id, DateTimeOffset CreatedAt, DateTimeOffset UsedAt);

    /// <summary>For SQL: the session of an access token, <c>@Hash</c>, be it the one in force or one that a refresh has replaced; expired or not.</summary>
    public const string OfToken = """
        with of_token as (
            select id, cast(0 as bigint) as replaced_until from auth_sessions where token_hash = @Hash
            union all select session_id, access_until from spent_refresh_tokens where access_hash = @Hash)
        """;

    /// <summary>When a session ends: when its row says so, which each use moves (<see cref="ExpiryAfterUse"/>); a token that was replaced, when its time is up.</summary>
    public static DateTimeOffset EndOf(long expiresAt, long replacedUntil = 0) =>
        DateTimeOffset.FromUnixTimeMilliseconds(replacedUntil == 0 ? expiresAt : Math.Min(expiresAt, replacedUntil));

    /// <summary>When a session last used at this moment ends.</summary>
    public static DateTimeOffset ExpiryAfterUse(DateTimeOffset createdAt, DateTimeOffset usedAt)
    {
        var (sliding, last) = (usedAt + Lifetime, createdAt + MaxLifetime);
        return sliding < last ? sliding : last;
    }

    /// <summary>For somebody who has just come to be, or proved to be, who they are.</summary>
    public async Task<Created> CreateAsync(User user, Origin origin, CancellationToken cancel) => (await CreateAsync(user, null, origin, cancel))!;

    /// <summary>For a password that was right a moment ago.</summary>
    /// <returns>Null when the user was disabled or removed, or the password changed, since it was checked against this hash.</returns>
    public async Task<Created?> CreateAsync(User user, string? checkedHash, Origin origin, CancellationToken cancel)
    {
        Created? created = null;
        await changes.MakeAsync(user.Id, async () =>
        {
            await using var connection = await database.ConnectAsync(cancel);
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            // Written, not read: who disables the user or changes the password writes the same row, so that one of the two waits for the other.
            var stands = await connection.ExecuteAsync(new CommandDefinition(
                "update users set updated_at = updated_at where id = @Id and (cast(@checkedHash as text) is null or (password_hash = @checkedHash and disabled_at is null))",
                new { user.Id, checkedHash },
                transaction,
                cancellationToken: cancel));
            if (stands == 0)
            {
                return 0;
            }

            var (token, id) = (AccessToken.Create(TokenKind.Session), Guid.CreateVersion7(clock.GetUtcNow()).ToString());
            var (expires, ended) = await InsertAsync(connection, transaction, id, new Actor(user.Id, user.Email, origin), token, null, cancel);
            await transaction.CommitAsync(cancel);
            created = new Created(token, expires);
            return ended;
        });
        return created;
    }

    /// <summary>Adds a session, and the sign-in to the audit log, in a transaction of the caller's.</summary>
    /// <param name="refresh">For a device: what refreshes its tokens, and the place they are handed out at. Its session ends after <see cref="Unused"/> unless it is used.</param>
    /// <returns>When the session ends, if it is used; and how many others ended for it, which <see cref="UserChanges"/> has to be told after the commit.</returns>
    public async Task<(DateTimeOffset ExpiresAt, int EndedOthers)> InsertAsync(
        DbConnection connection, DbTransaction transaction, string id, Actor owner, AccessToken token, (AccessToken Token, string? Place)? refresh, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var expires = ExpiryAfterUse(now, now);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into auth_sessions (id, user_id, token_hash, refresh_hash, refresh_place, client, address, created_at, expires_at, last_used_at)
            values (@id, @UserId, @Hash, @Refresh, @Place, @Client, @Address, @Now, @Expires, @Now)
            """,
            new
            {
                id,
                owner.UserId,
                Hash = token.Hash().ToBytes(),
                Refresh = refresh?.Token.Hash().ToBytes(),
                refresh?.Place,
                owner.Origin.Client,
                owner.Origin.Address,
                Now = now.ToUnixTimeMilliseconds(),
                Expires = (refresh is null ? expires : now + Unused).ToUnixTimeMilliseconds(),
            },
            transaction,
            cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(
            "update users set last_seen_at = @Now where id = @UserId", new { owner.UserId, Now = now.ToUnixTimeMilliseconds() }, transaction, cancellationToken: cancel));
        await audit.AppendAsync(connection, transaction, AuditEvent.Own(AuditActions.SignIn, owner, id), cancel);
        var ended = await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from auth_sessions where user_id = @UserId and id <> @id and id not in (
                select id from auth_sessions where user_id = @UserId and id <> @id order by last_used_at desc, created_at desc limit @Others)
            """,
            new { owner.UserId, id, Others = (long)MaxPerUser - 1 },
            transaction,
            cancellationToken: cancel));
        if (ended > 0)
        {
            await audit.AppendAsync(connection, transaction, AuditEvent.Own(AuditActions.OtherSessionsEnded, owner, ended.ToString(CultureInfo.InvariantCulture)), cancel);
        }

        return (expires, ended);
    }

    /// <returns>The session, expired or not; null when it was ended or never was, or its user is disabled.</returns>
    public async Task<Found?> FindAsync(TokenHash hash, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Found>(new CommandDefinition(
            $"""
            {OfToken}
            select s.id, s.user_id, u.email, u.name, u.role, s.created_at, s.expires_at, s.last_used_at, t.replaced_until
            from of_token t join auth_sessions s on s.id = t.id join users u on u.id = s.user_id where u.disabled_at is null
            """,
            new { Hash = hash.ToBytes() },
            cancellationToken: cancel));
    }

    /// <returns>The live sessions of a user, the latest used first.</returns>
    public async Task<IReadOnlyList<Listed>> ListAsync(string userId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await using var connection = await database.ConnectAsync(cancel);
        return (await connection.QueryAsync<Listed>(new CommandDefinition(
            """
            select id, client, address, created_at, expires_at, last_used_at from auth_sessions
            where user_id = @userId and expires_at > @now order by last_used_at desc, id desc
            """,
            new { userId, now },
            cancellationToken: cancel))).AsList();
    }

    /// <param name="userId">Whose session it has to be.</param>
    /// <param name="sessionId">Which one.</param>
    /// <param name="action">How that is called in the audit log.</param>
    /// <param name="actor">Who ends it.</param>
    /// <returns>Whether the user had such a session.</returns>
    public Task<bool> EndAsync(string userId, string sessionId, string action, Actor actor) => changes.MakeAsync(userId, () => audit.RecordAsync(
        (connection, transaction) => connection.ExecuteAsync("delete from auth_sessions where id = @sessionId and user_id = @userId", new { sessionId, userId }, transaction),
        _ => AuditEvent.Own(action, actor, sessionId)));

    /// <summary>Ends every live session of a user but one.</summary>
    public Task EndOthersAsync(string userId, string keptId, Actor actor)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        return changes.MakeAsync(userId, () => audit.RecordAsync(
            async (connection, transaction) =>
            {
                await LockUserAsync(connection, transaction, userId);
                return await connection.ExecuteAsync(
                    "delete from auth_sessions where user_id = @userId and id <> @keptId and expires_at > @now", new { userId, keptId, now }, transaction);
            },
            count => AuditEvent.Own(AuditActions.OtherSessionsEnded, actor, count.ToString(CultureInfo.InvariantCulture))));
    }

    /// <summary>Keeps a session from being ended until the transaction is: what it stands for then ends with it.</summary>
    /// <exception cref="SessionOverException">It has ended already.</exception>
    public static async Task HoldAsync(DbConnection connection, DbTransaction transaction, string userId, string sessionId)
    {
        await LockUserAsync(connection, transaction, userId);
        if (await connection.ExecuteAsync("update auth_sessions set last_used_at = last_used_at where id = @sessionId and user_id = @userId", new { userId, sessionId }, transaction) == 0)
        {
            throw new SessionOverException();
        }
    }

    /// <summary>Who changes anything of a user's writes the user first, and their sessions after: of two, one waits for the other and sees what it did.</summary>
    public static Task LockUserAsync(DbConnection connection, DbTransaction? transaction, string userId) =>
        connection.ExecuteAsync("update users set updated_at = updated_at where id = @userId", new { userId }, transaction);

    /// <summary>Records that a session was used, which also moves its end, and that its user was seen.</summary>
    public async Task TouchAsync(Use use, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await TouchAsync(connection, null, [use], cancel);
    }

    /// <inheritdoc cref="TouchAsync(Use, CancellationToken)"/>
    public static Task TouchAsync(DbConnection connection, DbTransaction? transaction, IEnumerable<Use> uses, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            // The user first, as everywhere: both may be one transaction.
            """
            update users set last_seen_at = @Used where id = (select user_id from auth_sessions where id = @Id) and (last_seen_at is null or last_seen_at < @Used);
            update auth_sessions set last_used_at = @Used, expires_at = @Expires where id = @Id and last_used_at <= @Used
            """,
            uses.Select(use => new
            {
                use.Id,
                Used = use.UsedAt.ToUnixTimeMilliseconds(),
                Expires = ExpiryAfterUse(use.CreatedAt, use.UsedAt).ToUnixTimeMilliseconds(),
            }),
            transaction,
            cancellationToken: cancel));

    /// <summary>Forgets sessions that expired long ago.</summary>
    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        var before = (clock.GetUtcNow() - RememberExpired).ToUnixTimeMilliseconds();
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("delete from auth_sessions where expires_at < @before", new { before }, cancellationToken: cancel));
    }
}
