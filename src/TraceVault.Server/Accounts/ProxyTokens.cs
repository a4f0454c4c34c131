using System.Data.Common;
using Dapper;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Accounts;

/// <summary>
/// Proxy tokens in the database. They are long-lived, good for the proxy and nothing else, and meant for programs that cannot sign in.
/// </summary>
internal sealed class ProxyTokens(Database database, ChangeMaker changes, TimeProvider clock)
{
    /// <summary>More than anybody can keep track of; it stops a program that creates a token at each run.</summary>
    public const int MaxPerUser = 100;

    public const int MaxNameLength = 100, MaxDays = 3650;

    /// <param name="Token">The token in clear, which only this answer holds.</param>
    /// <param name="Listed">The entry in the list from now on.</param>
    internal sealed record Created(AccessToken Token, Listed Listed);

    /// <summary>A token without <paramref name="ExpiresAt"/> is valid until it is revoked.</summary>
    internal sealed record Listed(string Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt);

    /// <param name="userId">The user to whom the token will belong.</param>
    /// <param name="bySession">The session that asks for it.</param>
    /// <param name="name">What the token is for, in 1 to <see cref="MaxNameLength"/> characters.</param>
    /// <param name="lifetime">Null: until it is revoked.</param>
    /// <param name="actor">Who creates it.</param>
    /// <param name="cancel">Has an effect until the commit.</param>
    /// <param name="id">The id of the token, if the caller has chosen one, so that the same request twice creates one token.</param>
    /// <returns>Null when the user already has <see cref="MaxPerUser"/>, or when there is a token with that id.</returns>
    /// <exception cref="SessionOverException">The session ended in the meantime.</exception>
    public Task<Created?> CreateAsync(
        string userId, string bySession, string name, TimeSpan? lifetime, Actor actor, CancellationToken cancel, Guid? id = null)
    {
        var now = UnixTime.Now(clock);
        var token = AccessToken.Create(TokenKind.Proxy);
        var listed = new Listed((id ?? Guid.CreateVersion7(now)).ToString(), name, now, now + lifetime, null);
        return changes.MakeAsync<Created?>(
            Scope.User(userId),
            async change =>
            {
                await Sessions.RequireAsync(change, userId, bySession);
                var created = await change.ExecuteAsync(
                    """
                    insert into proxy_tokens (id, user_id, name, token_hash, created_at, expires_at)
                    select @Id, @userId, @Name, @Hash, @CreatedAt, @ExpiresAt
                    where (select count(*) from proxy_tokens where user_id = @userId) < @MaxPerUser
                    on conflict (id) do nothing
                    """,
                    new
                    {
                        listed.Id,
                        userId,
                        listed.Name,
                        Hash = token.Hash().ToBytes(),
                        listed.CreatedAt,
                        listed.ExpiresAt,
                        MaxPerUser = (long)MaxPerUser,
                    });
                var happened = AuditEvent.Own(AuditActions.TokenCreated, actor, name);
                return created == 0
                    ? Verdict.Nothing<Created?>(null)
                    : Verdict.Done<Created?>(new Created(token, listed), ChangeKind.Access, userId, happened);
            },
            cancel);
    }

    /// <returns>All tokens of a user, including expired ones, the newest first.</returns>
    public async Task<IReadOnlyList<Listed>> ListAsync(string userId, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return (await connection.QueryAsync<Listed>(new CommandDefinition(
            "select id, name, created_at, expires_at, last_used_at from proxy_tokens where user_id = @userId order by id desc",
            new { userId },
            cancellationToken: cancel))).AsList();
    }

    /// <returns>Null when the user has no such token.</returns>
    public async Task<Listed?> FindAsync(string userId, string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Listed>(new CommandDefinition(
            "select id, name, created_at, expires_at, last_used_at from proxy_tokens where id = @id and user_id = @userId",
            new { id, userId },
            cancellationToken: cancel));
    }

    /// <returns>Whether the user had such a token.</returns>
    public Task<bool> RevokeAsync(string userId, string id, Actor actor) => changes.MakeAsync(Scope.User(userId), async change =>
    {
        var name = await change.FindAsync<string>(
            "delete from proxy_tokens where id = @id and user_id = @userId returning name", new { id, userId });
        return name is null
            ? Verdict.Nothing(false)
            : Verdict.Done(true, ChangeKind.Access, userId, AuditEvent.Own(AuditActions.TokenRevoked, actor, name));
    });

    public static Task TouchAsync(
        DbConnection connection,
        DbTransaction? transaction,
        IEnumerable<(string Id, DateTimeOffset UsedAt)> uses,
        CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            "update proxy_tokens set last_used_at = @Used where id = @Id and (last_used_at is null or last_used_at < @Used)",
            uses.Select(use => new { use.Id, Used = use.UsedAt }),
            transaction,
            cancellationToken: cancel));
}
