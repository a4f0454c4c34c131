using System.Data.Common;
using System.Globalization;
using Dapper;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Accounts;

/// <summary>Sessions in the database. They last 30 days after the last use, and at most 90 days after the sign-in.</summary>
internal sealed class Sessions(Database database, ChangeMaker changes, TimeProvider clock) : IExpiring
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(90);

    /// <summary>
    /// How long a device's session waits for its first use: a device that gives up after its approval leaves a session whose token nobody
    /// holds.
    /// </summary>
    public static readonly TimeSpan Unused = TimeSpan.FromMinutes(30);

    /// <summary>
    /// How many sessions a user may have, which is far more than anybody has machines. Beyond that, the one unused for longest ends.
    /// </summary>
    public const int MaxPerUser = 100;

    /// <summary>How long an expired session is remembered, so that its user is told that it expired and not that it is unknown.</summary>
    private static readonly TimeSpan RememberExpired = TimeSpan.FromDays(30);

    internal sealed record Created(AccessToken Token, DateTimeOffset ExpiresAt);

    internal sealed record Listed(
        string Id, string? Client, string? Address, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset LastUsedAt);

    /// <param name="ReplacedUntil">Until when an access token that a refresh has replaced still works; null for a token in force.</param>
    internal sealed record Found(
        string Id,
        string UserId,
        string Email,
        string? Name,
        string Role,
        DateTimeOffset CreatedAt,
        DateTimeOffset ExpiresAt,
        DateTimeOffset LastUsedAt,
        DateTimeOffset? ReplacedUntil);

    internal readonly record struct Use(string Id, DateTimeOffset CreatedAt, DateTimeOffset UsedAt);

    /// <summary>
    /// SQL that finds the session of an access token, <c>@Hash</c>, whether the token is in force or a refresh has replaced it, and whether
    /// or not it has expired.
    /// </summary>
    public const string OfToken = """
        with of_token as (
            select id, cast(null as bigint) as replaced_until from auth_sessions where token_hash = @Hash
            union all select session_id, access_until from spent_refresh_tokens where access_hash = @Hash)
        """;

    /// <summary>
    /// When a session ends: at the time in its row, which each use moves (<see cref="ExpiryAfterUse"/>), or for a replaced token when its
    /// own time is up, if that is earlier.
    /// </summary>
    public static DateTimeOffset EndOf(DateTimeOffset expiresAt, DateTimeOffset? replacedUntil) =>
        replacedUntil is { } until && until < expiresAt ? until : expiresAt;

    /// <summary>When a session ends that was last used at the given time.</summary>
    public static DateTimeOffset ExpiryAfterUse(DateTimeOffset createdAt, DateTimeOffset usedAt)
    {
        var (sliding, last) = (usedAt + Lifetime, createdAt + MaxLifetime);
        return sliding < last ? sliding : last;
    }

    /// <summary>Creates a session for a user who was just created, or who just proved their identity.</summary>
    public async Task<Created> CreateAsync(User user, Origin origin, CancellationToken cancel) =>
        (await CreateAsync(user, null, origin, cancel))!;

    /// <summary>Creates a session after a password was checked against a hash.</summary>
    /// <returns>Null when the user was disabled or removed, or the password changed, after the check.</returns>
    public Task<Created?> CreateAsync(User user, string? checkedHash, Origin origin, CancellationToken cancel) =>
        changes.MakeAsync<Created?>(
            Scope.User(user.Id),
            async change =>
            {
                var stands = await change.FindAsync<long>(
                    """
                    select count(*) from users
                    where id = @Id and (cast(@checkedHash as text) is null or (password_hash = @checkedHash and disabled_at is null))
                    """,
                    new { user.Id, checkedHash });
                var (id, owner) = (Guid.CreateVersion7(change.Now).ToString(), new Actor(user.Id, user.Email, origin));
                return stands == 0
                    ? Verdict.Nothing<Created?>(null)
                    : await AddAsync(change, id, owner, AccessToken.Create(TokenKind.Session));
            },
            cancel);

    /// <summary>Adds a session, as the last step of a change under the lock of its user.</summary>
    /// <param name="change">The change under way.</param>
    /// <param name="id">The id of the session.</param>
    /// <param name="owner">The user of the session, and where they sign in from.</param>
    /// <param name="token">The token of the session.</param>
    /// <param name="refresh">
    /// For a device: the token that refreshes its tokens, and the place where they are issued. Its session ends after
    /// <see cref="Unused"/> unless it is used.
    /// </param>
    /// <returns>The token, and when the session ends if it is used.</returns>
    public static async Task<Verdict<Created?>> AddAsync(
        Change change, string id, Actor owner, AccessToken token, (AccessToken Token, string? Place)? refresh = null)
    {
        var expires = ExpiryAfterUse(change.Now, change.Now);
        await change.ExecuteAsync(
            """
            insert into auth_sessions
                (id, user_id, token_hash, refresh_hash, refresh_place, client, address, created_at, expires_at, last_used_at)
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
                change.Now,
                Expires = refresh is null ? expires : change.Now + Unused,
            });
        await change.ExecuteAsync("update users set last_seen_at = @Now where id = @UserId", new { owner.UserId, change.Now });
        var ended = await change.ExecuteAsync(
            """
            delete from auth_sessions where user_id = @UserId and id <> @id and id not in (
                select id from auth_sessions where user_id = @UserId and id <> @id
                order by last_used_at desc, created_at desc limit @Others)
            """,
            new { owner.UserId, id, Others = (long)MaxPerUser - 1 });
        if (ended > 0)
        {
            await change.AlsoHappenedAsync(
                AuditEvent.Own(AuditActions.OtherSessionsEnded, owner, ended.ToString(CultureInfo.InvariantCulture)));
        }

        var happened = AuditEvent.Own(AuditActions.SignIn, owner, id);
        return Verdict.Done<Created?>(new Created(token, expires), ChangeKind.Access, owner.UserId!, happened);
    }

    /// <returns>The session, even if expired; null when it was ended or never existed, or when its user is disabled.</returns>
    public async Task<Found?> FindAsync(TokenHash hash, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Found>(new CommandDefinition(
            $"""
            {OfToken}
            select s.id, s.user_id, u.email, u.name, u.role, s.created_at, s.expires_at, s.last_used_at, t.replaced_until
            from of_token t join auth_sessions s on s.id = t.id join users u on u.id = s.user_id where u.disabled_at is null
            """,
            new { Hash = hash.ToBytes() },
            cancellationToken: cancel));
    }

    /// <returns>The live sessions of a user, the most recently used first.</returns>
    public async Task<IReadOnlyList<Listed>> ListAsync(string userId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenReaderAsync(cancel);
        return (await connection.QueryAsync<Listed>(new CommandDefinition(
            """
            select id, client, address, created_at, expires_at, last_used_at from auth_sessions
            where user_id = @userId and expires_at > @now order by last_used_at desc, id desc
            """,
            new { userId, now },
            cancellationToken: cancel))).AsList();
    }

    /// <param name="userId">The user to whom the session has to belong.</param>
    /// <param name="sessionId">The session to end.</param>
    /// <param name="action">The name of the action in the audit log.</param>
    /// <param name="actor">Who ends it.</param>
    /// <returns>Whether the user had such a session.</returns>
    public Task<bool> EndAsync(string userId, string sessionId, string action, Actor actor) => changes.MakeAsync(
        Scope.User(userId),
        async change =>
        {
            var ended = await change.ExecuteAsync(
                "delete from auth_sessions where id = @sessionId and user_id = @userId", new { sessionId, userId });
            return ended == 0
                ? Verdict.Nothing(false)
                : Verdict.Done(true, ChangeKind.Access, userId, AuditEvent.Own(action, actor, sessionId));
        });

    /// <summary>Ends every live session of a user but one.</summary>
    public Task EndOthersAsync(string userId, string keptId, Actor actor) => changes.MakeAsync(Scope.User(userId), async change =>
    {
        var ended = await change.ExecuteAsync(
            "delete from auth_sessions where user_id = @userId and id <> @keptId and expires_at > @Now",
            new { userId, keptId, change.Now });
        var happened = AuditEvent.Own(AuditActions.OtherSessionsEnded, actor, ended.ToString(CultureInfo.InvariantCulture));
        return ended == 0 ? Verdict.Nothing(ended) : Verdict.Done(ended, ChangeKind.Access, userId, happened);
    });

    /// <summary>Makes sure, in a change under the lock of its user, that the session that asked for the change has not ended.</summary>
    /// <exception cref="SessionOverException">The session has already ended.</exception>
    public static async Task RequireAsync(Change change, string userId, string sessionId)
    {
        var found = await change.FindAsync<long>(
            "select count(*) from auth_sessions where id = @sessionId and user_id = @userId", new { userId, sessionId });
        if (found == 0)
        {
            throw new SessionOverException();
        }
    }

    /// <summary>Records that a session was used, which also moves its end, and that its user was seen.</summary>
    public async Task TouchAsync(Use use, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await TouchAsync(connection, null, [use], cancel);
    }

    /// <inheritdoc cref="TouchAsync(Use, CancellationToken)"/>
    public static Task TouchAsync(DbConnection connection, DbTransaction? transaction, IEnumerable<Use> uses, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            // The user is updated first, as everywhere, because both updates may be in one transaction.
            """
            update users set last_seen_at = @Used
            where id = (select user_id from auth_sessions where id = @Id) and (last_seen_at is null or last_seen_at < @Used);
            update auth_sessions set last_used_at = @Used, expires_at = @Expires where id = @Id and last_used_at <= @Used
            """,
            uses.Select(use => new
            {
                use.Id,
                Used = use.UsedAt,
                Expires = ExpiryAfterUse(use.CreatedAt, use.UsedAt),
            }),
            transaction,
            cancellationToken: cancel));

    /// <summary>Forgets sessions that expired long ago.</summary>
    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        var before = clock.GetUtcNow() - RememberExpired;
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from auth_sessions where expires_at < @before", new { before }, cancellationToken: cancel));
    }
}
