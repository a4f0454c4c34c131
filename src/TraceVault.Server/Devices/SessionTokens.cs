using System.Security.Cryptography;
using System.Text;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;
using TraceVault.Vault;

namespace TraceVault.Devices;

/// <summary>Refreshes and ends the sessions of devices by their tokens. Decisions 10 and 19 give the reasons.</summary>
/// <remarks>
/// The tokens that replace a refresh token and its access token are derived from the refresh token and the master key with HMAC-SHA-256
/// under the label below. So a refresh that is sent again gets the same answer, although no token is stored.
/// </remarks>
internal sealed class SessionTokens
{
    /// <summary>
    /// For how long anybody may repeat a refresh, because its answer was lost or two processes of one client made it at once.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>How long an access token still works after a refresh, because other windows of its client still hold it.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromMinutes(5);

    /// <summary>How many replaced tokens of a session are remembered.</summary>
    public const int MaxSpent = 100;

    /// <summary>If somebody keeps using an old refresh token, the audit log records it once in this time.</summary>
    private static readonly TimeSpan TellAgain = TimeSpan.FromHours(1);

    private const string ByToken = "s.token_hash = @Hash or s.refresh_hash = @Hash "
        + "or s.id = (select session_id from spent_refresh_tokens where token_hash = @Hash or access_hash = @Hash)";

    private readonly Database _database;
    private readonly ChangeMaker _changes;
    private readonly Places _places;
    private readonly TimeProvider _clock;
    private readonly byte[] _key = new byte[32];

    public SessionTokens(Database database, ChangeMaker changes, Places places, KeyRing ring, TimeProvider clock)
    {
        (_database, _changes, _places, _clock) = (database, changes, places, clock);
        ring.Sealing.Derive("tracevault/refreshed-tokens", _key);
    }

    /// <summary>A session of a user who is not disabled, found by one of its tokens.</summary>
    /// <param name="RefreshPlace">Where the tokens in force were issued.</param>
    private sealed record Found(
        string Id,
        string UserId,
        string Email,
        DateTimeOffset CreatedAt,
        DateTimeOffset ExpiresAt,
        DateTimeOffset LastUsedAt,
        byte[] TokenHash,
        byte[]? RefreshHash,
        DateTimeOffset? RefreshedAt,
        string? RefreshPlace)
    {
        /// <summary>Whether nobody has used the tokens of the last refresh, so that its answer may not have arrived.</summary>
        public bool IsUnused => LastUsedAt <= RefreshedAt;
    }

    /// <summary>Replaces both tokens of the session to which the refresh token belongs.</summary>
    public async Task<GrantResult> RefreshAsync(string token, TokenHash hash, Origin origin, CancellationToken cancel)
    {
        var refused = new GrantResult(OAuthError.InvalidRefresh);
        var (access, refresh) = (Next(TokenKind.Session, token), Next(TokenKind.Refresh, token));
        var place = _places.Of(origin);
        while (await FindAsync(ByToken, new { Hash = hash.ToBytes() }, cancel) is { } found)
        {
            var (now, end) = (_clock.GetUtcNow(), found.ExpiresAt);
            if (now >= end)
            {
                return refused;
            }

            if (Is(found.RefreshHash, hash))
            {
                var expires = Sessions.ExpiryAfterUse(found.CreatedAt, now);
                if (await RotateAsync(found, access, refresh, place, now, expires))
                {
                    return new GrantResult(null, new IssuedTokens(access, refresh, expires));
                }

                continue; // another refresh was faster: read again
            }

            var isRepeated = Is(found.RefreshHash, refresh.Hash())
                && (now - found.RefreshedAt <= Grace
                    || (found.IsUnused && IsSame(place, found.RefreshPlace)));
            if (isRepeated)
            {
                return new GrantResult(null, new IssuedTokens(access, refresh, end));
            }

            await ReusedAsync(found, hash, place, origin);
            return refused;
        }

        return refused;
    }

    /// <summary>
    /// Two parties hold a refresh token. The session goes on if the tokens in force are known to be with the right one; otherwise it ends,
    /// because nobody can tell.
    /// </summary>
    private async Task ReusedAsync(Found found, TokenHash hash, string? place, Origin origin)
    {
        var isTold = await _changes.MakeAsync(Scope.User(found.UserId), async change =>
        {
            var issuedAt = await change.FindAsync<string>(
                "select place from spent_refresh_tokens where token_hash = @Hash", new { Hash = hash.ToBytes() });
            if (!IsSame(found.RefreshPlace, issuedAt) && !IsSame(found.RefreshPlace, place))
            {
                return Verdict.Nothing(false);
            }

            var isNews = await change.ExecuteAsync(
                "update spent_refresh_tokens set shown_at = @Now where token_hash = @Hash and (shown_at is null or shown_at <= @Before)",
                new { change.Now, Before = change.Now - TellAgain, Hash = hash.ToBytes() }) > 0;
            var refused = new AuditEvent(AuditActions.RefreshRefused, new Actor(null, null, origin), found.UserId, found.Email, found.Id);
            return isNews ? Verdict.Recorded(true, refused) : Verdict.Nothing(true);
        });
        if (!isTold)
        {
            await EndAsync(found.Id, AuditActions.RefreshReused, origin);
        }
    }

    /// <summary>Ends the session that an access or refresh token belongs to, whether the token is in force or was just replaced.</summary>
    public async Task RevokeAsync(TokenHash hash, Origin origin, CancellationToken cancel)
    {
        if (await FindAsync(ByToken, new { Hash = hash.ToBytes() }, cancel) is { } found)
        {
            await EndAsync(found.Id, AuditActions.SignOut, origin);
        }
    }

    /// <param name="sessionId">The session to end; nothing happens when it has already ended.</param>
    /// <param name="action">The reason, as the audit log names it.</param>
    /// <param name="origin">Where the request came from.</param>
    public async Task EndAsync(string sessionId, string action, Origin origin)
    {
        if (await FindAsync("s.id = @sessionId", new { sessionId }, CancellationToken.None) is not { } found)
        {
            return;
        }

        await _changes.MakeAsync(Scope.User(found.UserId), async change =>
        {
            // Whoever sends a token that was used before need not be its user.
            var actor = action == AuditActions.SignOut ? new Actor(found.UserId, found.Email, origin) : new Actor(null, null, origin);
            return await change.ExecuteAsync("delete from auth_sessions where id = @Id", new { found.Id }) == 0
                ? Verdict.Nothing(false)
                : Verdict.Done(true, ChangeKind.Access, found.UserId, new AuditEvent(action, actor, found.UserId, found.Email, found.Id));
        });
    }

    private static bool IsSame(string? place, string? other) => place is not null && place == other;

    private static bool Is(byte[]? stored, TokenHash hash) =>
        stored is not null && CryptographicOperations.FixedTimeEquals(stored, hash.ToBytes());

    private AccessToken Next(TokenKind kind, string refreshToken) =>
        AccessToken.Of(kind, HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes($"{kind} {refreshToken}")));

    private Task<bool> RotateAsync(
        Found found, AccessToken access, AccessToken refresh, string? place, DateTimeOffset now, DateTimeOffset expires) =>
        _changes.MakeAsync(Scope.User(found.UserId), async change =>
        {
            var rotated = await change.ExecuteAsync(
                """
                update auth_sessions set
                    token_hash = @Access, refresh_hash = @Refresh, refresh_place = @place, previous_refresh_hash = null,
                    refreshed_at = @Now, last_used_at = @Now, expires_at = @Expires
                where id = @Id and refresh_hash = @RefreshHash
                """,
                new
                {
                    Access = access.Hash().ToBytes(),
                    Refresh = refresh.Hash().ToBytes(),
                    place,
                    Now = now,
                    Expires = expires,
                    found.Id,
                    found.RefreshHash,
                });
            if (rotated == 0)
            {
                return Verdict.Nothing(false);
            }

            await change.ExecuteAsync(
                """
                insert into spent_refresh_tokens (token_hash, session_id, place, access_hash, access_until)
                values (@RefreshHash, @Id, @RefreshPlace, @TokenHash, @Until);
                delete from spent_refresh_tokens where session_id = @Id and token_hash not in (
                    select token_hash from spent_refresh_tokens where session_id = @Id
                    order by coalesce(access_until, 0) desc limit @MaxSpent)
                """,
                new
                {
                    found.RefreshHash,
                    found.Id,
                    found.RefreshPlace,
                    found.TokenHash,
                    Until = now + Overlap,
                    MaxSpent = (long)MaxSpent,
                });
            return Verdict.DoneUnaudited(true, ChangeKind.Access, found.UserId);
        });

    private async Task<Found?> FindAsync(string condition, object parameters, CancellationToken cancel)
    {
        await using var connection = await _database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Found>(new CommandDefinition(
            $"""
            select s.id, s.user_id, u.email, s.created_at, s.expires_at, s.last_used_at,
                s.token_hash, s.refresh_hash, s.refreshed_at, s.refresh_place
            from auth_sessions s join users u on u.id = s.user_id where ({condition}) and u.disabled_at is null
            """,
            parameters,
            cancellationToken: cancel));
    }
}
