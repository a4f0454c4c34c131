using System.Data.Common;
using System.Globalization;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Audit;
using TraceVault.Changes;
using TraceVault.Storage;

namespace TraceVault.Vault;

/// <summary>Users' Anthropic keys in the database, sealed.</summary>
internal sealed class ProviderKeys(Database database, KeyVault vault, ChangeMaker changes)
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
        var (initial, given) = ((long)(maxConcurrent ?? DefaultMaxConcurrent), maxConcurrent is null ? 0L : 1L);
        return changes.MakeAsync(Scope.User(userId), async change =>
        {
            await Sessions.RequireAsync(change, userId, bySession);
            var row = new { userId, bytes, keyId, now = change.NowMs, initial, given, works = isKnownToWork ? change.NowMs : (long?)null };
            return Verdict.Done(true, ChangeKind.Key, userId, AuditEvent.Own(await StoreAsync(change, row), actor, Provider));
        });
    }

    /// <returns>Whether the user has a key whose cap could be changed.</returns>
    public Task<bool> SaveMaxConcurrentAsync(string userId, int maxConcurrent, Actor actor) => changes.MakeAsync(Scope.User(userId), async change =>
    {
        if (await change.FindAsync<long?>("select max_concurrent from user_anthropic_keys where user_id = @userId", new { userId }) is not { } before)
        {
            return Verdict.Nothing(false);
        }

        if (before == maxConcurrent)
        {
            return Verdict.Nothing(true); // nothing that somebody would have to hear of
        }

        await change.ExecuteAsync("update user_anthropic_keys set max_concurrent = @cap where user_id = @userId", new { userId, cap = (long)maxConcurrent });
        return Verdict.Done(true, ChangeKind.Key, userId, AuditEvent.Own(AuditActions.KeyCapChanged, actor, maxConcurrent.ToString(CultureInfo.InvariantCulture)));
    });

    /// <returns>Whether there was one.</returns>
    public Task<bool> DeleteAsync(string userId, Actor actor) => changes.MakeAsync(Scope.User(userId), async change =>
        await RemoveAsync(change, userId)
            ? Verdict.Done(true, ChangeKind.Key, userId, AuditEvent.Own(AuditActions.KeyRemoved, actor, Provider))
            : Verdict.Nothing(false));

    /// <summary>As a part of another change, under the lock of the user.</summary>
    /// <returns>Whether there was one.</returns>
    public static async Task<bool> RemoveAsync(Change change, string userId) =>
        await change.ExecuteAsync("delete from user_anthropic_keys where user_id = @userId", new { userId }) > 0;

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
    private static async Task<string> StoreAsync(Change change, object row)
    {
        var replaced = await change.ExecuteAsync(
            """
            update user_anthropic_keys set sealed = @bytes, key_id = @keyId, updated_at = @now, last_used_at = null, works_since = @works, refused_at = null,
                max_concurrent = case when @given = 1 then @initial else max_concurrent end
            where user_id = @userId
            """,
            row);
        if (replaced > 0)
        {
            return AuditActions.KeyReplaced;
        }

        await change.ExecuteAsync(
            """
            insert into user_anthropic_keys (user_id, sealed, key_id, max_concurrent, created_at, updated_at, works_since)
            values (@userId, @bytes, @keyId, @initial, @now, @now, @works)
            """,
            row);
        return AuditActions.KeySet;
    }
}
