using System.Data.Common;
using System.Globalization;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Audit;
using TraceVault.Storage;

namespace TraceVault.Vault;

/// <summary>Users' Anthropic keys in the database, sealed.</summary>
internal sealed class ProviderKeys(Database database, KeyVault vault, UserChanges changes, AuditLog audit, TimeProvider clock)
{
    /// <summary>What the audit log calls the key.</summary>
    private const string Provider = "anthropic";

    public const int DefaultMaxConcurrent = 32, MaxMaxConcurrent = 256;

    private const string Columns = "user_id, sealed, key_id, max_concurrent, updated_at, last_used_at, works_since, refused_at";

    /// <summary>What is stored of a user's key; the times are Unix milliseconds.</summary>
    /// <param name="WorksSince">Since when Anthropic has taken it, and <paramref name="RefusedAt"/> since when it has refused it: one of the two at most.</param>
    internal sealed record Stored(string UserId, byte[] Sealed, string KeyId, long MaxConcurrent, long UpdatedAt, long? LastUsedAt, long? WorksSince, long? RefusedAt)
    {
        public SealedKey SealedKey => new(Sealed, KeyId);

        public KeyOwner Owner => new(UserId);
    }

    /// <returns>The key as stored, or null when this user has none.</returns>
    public async Task<Stored?> FindAsync(string userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Stored>(new CommandDefinition(
            $"select {Columns} from user_anthropic_keys where user_id = @userId",
            new { userId },
            cancellationToken: cancel));
    }

    /// <summary>Stores a key in place of an earlier one. A cap of null keeps the earlier one, or is the default.</summary>
    /// <param name="isKnownToWork">Whether Anthropic has taken it a moment ago.</param>
    /// <exception cref="SessionOverException">The session that asks ended meanwhile: a key is never put into an account whose password was just reset.</exception>
    public Task SaveAsync(string userId, string bySession, ProviderKey key, int? maxConcurrent, bool isKnownToWork, Actor actor)
    {
        var (bytes, keyId) = vault.Seal(key, new KeyOwner(userId));
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var row = new { userId, bytes, keyId, now, initial = (long)(maxConcurrent ?? DefaultMaxConcurrent), given = maxConcurrent is null ? 0L : 1L, works = isKnownToWork ? now : (long?)null };
        var action = AuditActions.KeySet;
        return changes.MakeAsync(userId, () => audit.RecordAsync(
            async (connection, transaction) =>
            {
                await Sessions.HoldAsync(connection, transaction, userId, bySession);
                action = await StoreAsync(connection, transaction, row);
                return 1;
            },
            _ => AuditEvent.Own(action, actor, Provider)));
    }

    /// <returns>Whether the user has a key whose cap could be changed.</returns>
    public async Task<bool> SaveMaxConcurrentAsync(string userId, int maxConcurrent, Actor actor) => await changes.MakeAsync(userId, () => audit.RecordAsync(
        (connection, transaction) => connection.ExecuteAsync(
            "update user_anthropic_keys set max_concurrent = @cap where user_id = @userId and max_concurrent <> @cap", new { userId, cap = (long)maxConcurrent }, transaction),
        _ => AuditEvent.Own(AuditActions.KeyCapChanged, actor, maxConcurrent.ToString(CultureInfo.InvariantCulture))))
        || await FindAsync(userId, CancellationToken.None) is not null; // it was so already: nothing changed that somebody would have to hear of

    /// <returns>Whether there was one.</returns>
    public Task<bool> DeleteAsync(string userId, Actor actor) => changes.MakeAsync(userId, () => audit.RecordAsync(
        (connection, transaction) => connection.ExecuteAsync("delete from user_anthropic_keys where user_id = @userId", new { userId }, transaction),
        _ => AuditEvent.Own(AuditActions.KeyRemoved, actor, Provider)));

    public async Task TouchAsync(string userId, DateTimeOffset usedAt, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await TouchAsync(connection, null, [(userId, usedAt)], cancel);
    }

    public static Task TouchAsync(DbConnection connection, DbTransaction? transaction, IEnumerable<(string UserId, DateTimeOffset UsedAt)> uses, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            "update user_anthropic_keys set last_used_at = @Used where user_id = @UserId and updated_at <= @Used",
            uses.Select(use => new { use.UserId, Used = use.UsedAt.ToUnixTimeMilliseconds() }),
            transaction,
            cancellationToken: cancel));

    public async Task<long> CountAsync(CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition("select count(*) from user_anthropic_keys", cancellationToken: cancel));
    }

    /// <summary>Notes whether Anthropic took the key or refused it; of several answers alike, the first counts.</summary>
    public async Task NoteAsync(string userId, KeyNote note, CancellationToken cancel)
    {
        var (now, before) = note.Works ? ("works_since", "refused_at") : ("refused_at", "works_since");
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            $"update user_anthropic_keys set {now} = @At, {before} = null where user_id = @userId and updated_at <= @At and {now} is null",
            new { userId, At = note.At.ToUnixTimeMilliseconds() },
            cancellationToken: cancel));
    }

    /// <summary>Every stored key, one at a time.</summary>
    public async IAsyncEnumerable<Stored> AllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await foreach (var row in connection.QueryUnbufferedAsync<Stored>(
            $"select {Columns} from user_anthropic_keys").WithCancellation(cancel))
        {
            yield return row;
        }
    }

    /// <summary>Says which it was, a new key or another one; an upsert would not.</summary>
    private static async Task<string> StoreAsync(DbConnection connection, DbTransaction transaction, object row)
    {
        while (true) // until nobody removes the row between the two
        {
            var added = await connection.ExecuteAsync(
                """
                insert into user_anthropic_keys (user_id, sealed, key_id, max_concurrent, created_at, updated_at, works_since)
                values (@userId, @bytes, @keyId, @initial, @now, @now, @works)
                on conflict (user_id) do nothing
                """,
                row,
                transaction);
            if (added > 0)
            {
                return AuditActions.KeySet;
            }

            var replaced = await connection.ExecuteAsync(
                """
                update user_anthropic_keys set sealed = @bytes, key_id = @keyId, updated_at = @now, last_used_at = null, works_since = @works, refused_at = null,
                    max_concurrent = case when @given = 1 then @initial else max_concurrent end
                where user_id = @userId
                """,
                row,
                transaction);
            if (replaced > 0)
            {
                return AuditActions.KeyReplaced;
            }
        }
    }
}
