using Dapper;
using TraceVault.Accounts;
using TraceVault.Storage;

namespace TraceVault.Vault;

/// <summary>Users' Anthropic keys in the database, sealed.</summary>
internal sealed class ProviderKeys(Database database, KeyVault vault, UserChanges changes, TimeProvider clock)
{
    public const int DefaultMaxConcurrent = 32, MaxMaxConcurrent = 256;

    /// <summary>What is stored of a user's key; the times are Unix milliseconds.</summary>
    internal sealed record Stored(string UserId, byte[] Sealed, string KeyId, long MaxConcurrent, long UpdatedAt, long? LastUsedAt)
    {
        public SealedKey SealedKey => new(Sealed, KeyId);

        public KeyOwner Owner => new(UserId);
    }

    /// <returns>The key as stored, or null when this user has none.</returns>
    public async Task<Stored?> FindAsync(string userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Stored>(new CommandDefinition(
            "select user_id, sealed, key_id, max_concurrent, updated_at, last_used_at from user_anthropic_keys where user_id = @userId",
            new { userId },
            cancellationToken: cancel));
    }

    /// <summary>Stores a key in place of an earlier one. A cap of null keeps the earlier one, or is the default.</summary>
    public async Task SaveAsync(string userId, ProviderKey key, int? maxConcurrent)
    {
        var (bytes, keyId) = vault.Seal(key, new KeyOwner(userId));
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await changes.MakeAsync(userId, async () =>
        {
            await using var connection = await database.ConnectAsync(CancellationToken.None);
            return await connection.ExecuteAsync(
                """
                insert into user_anthropic_keys (user_id, sealed, key_id, max_concurrent, created_at, updated_at)
                values (@userId, @bytes, @keyId, @initial, @now, @now)
                on conflict (user_id) do update set sealed = @bytes, key_id = @keyId, updated_at = @now, last_used_at = null,
                    max_concurrent = case when @given = 1 then @initial else user_anthropic_keys.max_concurrent end
                """,
                new { userId, bytes, keyId, now, initial = (long)(maxConcurrent ?? DefaultMaxConcurrent), given = maxConcurrent is null ? 0L : 1L });
        });
    }

    /// <returns>Whether the user has a key whose cap could be changed.</returns>
    public Task<bool> SaveMaxConcurrentAsync(string userId, int maxConcurrent) => changes.MakeAsync(userId, async () =>
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        return await connection.ExecuteAsync(
            "update user_anthropic_keys set max_concurrent = @cap where user_id = @userId", new { userId, cap = (long)maxConcurrent });
    });

    /// <returns>Whether there was one.</returns>
    public Task<bool> DeleteAsync(string userId) => changes.MakeAsync(userId, async () =>
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        return await connection.ExecuteAsync("delete from user_anthropic_keys where user_id = @userId", new { userId });
    });

    public async Task TouchAsync(string userId, DateTimeOffset usedAt, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "update user_anthropic_keys set last_used_at = @used where user_id = @userId and updated_at <= @used",
            new { userId, used = usedAt.ToUnixTimeMilliseconds() },
            cancellationToken: cancel));
    }

    /// <summary>Every stored key, one at a time.</summary>
    public async IAsyncEnumerable<Stored> AllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await foreach (var row in connection.QueryUnbufferedAsync<Stored>(
            "select user_id, sealed, key_id, max_concurrent, updated_at, last_used_at from user_anthropic_keys").WithCancellation(cancel))
        {
            yield return row;
        }
    }
}
