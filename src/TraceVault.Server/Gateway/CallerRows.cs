using Dapper;
using TraceVault.Accounts;
using TraceVault.Keys;
using TraceVault.Storage;

namespace TraceVault.Gateway;

/// <summary>
/// A row of the one query that a cold request costs. There is one row for each key of the user.
/// </summary>
/// <remarks>
/// Has properties instead of a constructor, which would have to fit the types of the columns: SQLite knows none when there are no rows.
/// </remarks>
internal sealed class CallerRow
{
    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    public DateTimeOffset? ReplacedUntil { get; init; }

    public long? MaxConcurrent { get; init; }

    public string? RowId { get; init; }

    public string? Provider { get; init; }

    public byte[]? Sealed { get; init; }

    public string? KeyId { get; init; }

    public long? Binding { get; init; }

    /// <returns>Null when the user has none.</returns>
    public SealedKey? Key =>
        Sealed is null ? null : new SealedKey(RowId!, KeyOwner.User(UserId), Provider!, Sealed, KeyId!, Binding!.Value);
}

/// <summary>The one query of a cold request.</summary>
internal sealed class CallerRows(Database database)
{
    /// <returns>No rows when the token belongs to nobody, or to a user who is disabled.</returns>
    public async Task<List<CallerRow>> ReadAsync(PresentedToken token)
    {
        const string Columns = "u.max_concurrent, k.id as row_id, k.provider, k.sealed, k.key_id, k.binding";
        const string Keys = "left join provider_keys k on k.owner_kind = 'user' and k.owner_id = u.id";
        const string OfSession = $"""
            {Sessions.OfToken}
            select s.id, s.user_id, s.created_at, s.expires_at, s.last_used_at, t.replaced_until, {Columns}
            from of_token t join auth_sessions s on s.id = t.id join users u on u.id = s.user_id {Keys}
            where u.disabled_at is null
            """;
        const string OfProxyToken = $"""
            select t.id, t.user_id, t.created_at, t.expires_at, t.last_used_at, cast(null as bigint) as replaced_until, {Columns}
            from proxy_tokens t join users u on u.id = t.user_id {Keys}
            where t.token_hash = @Hash and u.disabled_at is null
            """;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenReaderAsync(CancellationToken.None);
                var rows = await connection.QueryAsync<CallerRow>(
                    token.Kind is TokenKind.Session ? OfSession : OfProxyToken, new { Hash = token.Hash.ToBytes() });
                return rows.AsList();
            }
            catch (Exception problem) when (attempt == 1 && Database.IsUnavailable(problem))
            {
                // The pooled connection may have died with a database that is back by now.
            }
        }
    }
}
