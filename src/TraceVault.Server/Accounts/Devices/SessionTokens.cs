using System.Security.Cryptography;
using System.Text;
using Dapper;
using TraceVault.Audit;
using TraceVault.Storage;
using TraceVault.Vault;

namespace TraceVault.Accounts.Devices;

/// <summary>Refreshes and ends the sessions of devices by their tokens. Decision 10 says why it is done like this.</summary>
/// <remarks>
/// The tokens that follow a refresh token are derived from it and the master key, HMAC-SHA-256 under the label below, so that a refresh which
/// is sent again within <see cref="Grace"/> gets the same answer without any token being stored.
/// </remarks>
internal sealed class SessionTokens
{
    /// <summary>For how long a refresh may be repeated: because its answer was lost, or two processes of one client made it at once.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private const string ByRefreshToken =
        "s.refresh_hash = @Hash or s.previous_refresh_hash = @Hash or s.id = (select session_id from spent_refresh_tokens where token_hash = @Hash)";

    private readonly Database _database;
    private readonly UserChanges _changes;
    private readonly AuditLog _audit;
    private readonly TimeProvider _clock;
    private readonly byte[] _key = new byte[32];

    public SessionTokens(Database database, UserChanges changes, AuditLog audit, KeyRing ring, TimeProvider clock)
    {
        (_database, _changes, _audit, _clock) = (database, changes, audit, clock);
        ring.Sealing.Derive("tracevault/refreshed-tokens", _key);
    }

    /// <summary>A session by one of its tokens, of a user who is not disabled; the times are Unix milliseconds.</summary>
    private sealed record Found(string Id, string UserId, string Email, long CreatedAt, long ExpiresAt, long? RefreshedAt, byte[]? RefreshHash, byte[]? PreviousRefreshHash);

    /// <summary>Replaces both tokens of a session by its refresh token. One that was replaced before ends the session: two parties hold it.</summary>
    public async Task<GrantResult> RefreshAsync(string token, TokenHash hash, Origin origin, CancellationToken cancel)
    {
        var refused = new GrantResult(OAuthError.InvalidRefresh);
        var (access, refresh) = (Next(TokenKind.Session, token), Next(TokenKind.Refresh, token));
        while (await FindAsync(ByRefreshToken, new { Hash = hash.ToBytes() }, cancel) is { } found)
        {
            var now = _clock.GetUtcNow();
            if (now.ToUnixTimeMilliseconds() >= found.ExpiresAt)
            {
                return refused;
            }

            if (Is(found.RefreshHash, hash))
            {
                var expires = Sessions.ExpiryAfterUse(DateTimeOffset.FromUnixTimeMilliseconds(found.CreatedAt), now);
                if (await RotateAsync(found, access, refresh, now, expires))
                {
                    return new GrantResult(null, new IssuedTokens(access, refresh, expires, found.Email));
                }

                continue; // somebody was faster: read again
            }

            if (Is(found.RefreshHash, refresh.Hash()) && now - DateTimeOffset.FromUnixTimeMilliseconds(found.RefreshedAt ?? 0) <= Grace)
            {
                return new GrantResult(null, new IssuedTokens(access, refresh, DateTimeOffset.FromUnixTimeMilliseconds(found.ExpiresAt), found.Email));
            }

            await EndAsync(found.Id, AuditActions.RefreshReused, origin);
            return refused;
        }

        return refused;
    }

    /// <summary>Ends the session that an access or refresh token belongs to, whether that is still in force or was just replaced.</summary>
    public async Task RevokeAsync(TokenHash hash, Origin origin, CancellationToken cancel)
    {
        if (await FindAsync($"s.token_hash = @Hash or {ByRefreshToken}", new { Hash = hash.ToBytes() }, cancel) is { } found)
        {
            await EndAsync(found.Id, AuditActions.SignOut, origin);
        }
    }

    /// <param name="sessionId">Which one; nothing happens when it is over already.</param>
    /// <param name="action">Why, as the audit log calls it.</param>
    /// <param name="origin">From where.</param>
    public async Task EndAsync(string sessionId, string action, Origin origin)
    {
        if (await FindAsync("s.id = @sessionId", new { sessionId }, CancellationToken.None) is not { } found)
        {
            return;
        }

        await _changes.MakeAsync(found.UserId, async () =>
        {
            await using var connection = await _database.ConnectAsync(CancellationToken.None);
            await using var transaction = await connection.BeginTransactionAsync();
            var ended = await connection.ExecuteAsync("delete from auth_sessions where id = @Id", new { found.Id }, transaction);
            if (ended > 0)
            {
                // Who shows a token that was used before need not be its user.
                var actor = action == AuditActions.SignOut ? new Actor(found.UserId, found.Email, origin) : new Actor(null, null, origin);
                await _audit.AppendAsync(connection, transaction, new AuditEvent(action, actor, found.UserId, found.Email, found.Id));
            }

            await transaction.CommitAsync();
            return ended;
        });
    }

    private static bool Is(byte[]? stored, TokenHash hash) => stored is not null && CryptographicOperations.FixedTimeEquals(stored, hash.ToBytes());

    private AccessToken Next(TokenKind kind, string refreshToken) =>
        AccessToken.Of(kind, HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes($"{kind} {refreshToken}")));

    private Task<bool> RotateAsync(Found found, AccessToken access, AccessToken refresh, DateTimeOffset now, DateTimeOffset expires) =>
        _changes.MakeAsync(found.UserId, async () =>
        {
            await using var connection = await _database.ConnectAsync(CancellationToken.None);
            await using var transaction = await connection.BeginTransactionAsync();
            var rotated = await connection.ExecuteAsync(
                """
                update auth_sessions set token_hash = @Access, refresh_hash = @Refresh, previous_refresh_hash = refresh_hash,
                    refreshed_at = @Now, last_used_at = @Now, expires_at = @Expires
                where id = @Id and refresh_hash = @RefreshHash
                """,
                new
                {
                    Access = access.Hash().ToBytes(),
                    Refresh = refresh.Hash().ToBytes(),
                    Now = now.ToUnixTimeMilliseconds(),
                    Expires = expires.ToUnixTimeMilliseconds(),
                    found.Id,
                    found.RefreshHash,
                },
                transaction);
            if (rotated > 0 && found.PreviousRefreshHash is not null)
            {
                await connection.ExecuteAsync("insert into spent_refresh_tokens (token_hash, session_id) values (@PreviousRefreshHash, @Id)", found, transaction);
            }

            await transaction.CommitAsync();
            return rotated;
        });

    private async Task<Found?> FindAsync(string condition, object parameters, CancellationToken cancel)
    {
        await using var connection = await _database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Found>(new CommandDefinition(
            $"""
            select s.id, s.user_id, u.email, s.created_at, s.expires_at, s.refreshed_at, s.refresh_hash, s.previous_refresh_hash
            from auth_sessions s join users u on u.id = s.user_id where ({condition}) and u.disabled_at is null
            """,
            parameters,
            cancellationToken: cancel));
    }
}
