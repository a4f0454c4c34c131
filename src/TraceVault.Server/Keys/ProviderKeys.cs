using System.Data.Common;
using System.Globalization;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Keys;

/// <summary>
/// The sealed provider keys in the database, and how many requests at once their owners may have: that number stays when a key goes.
/// </summary>
internal sealed class ProviderKeys(Database database, KeyVault vault, ChangeMaker changes)
{
    public const int DefaultMaxConcurrent = 32, MaxMaxConcurrent = 256;

    private const string Columns =
        "k.id, k.owner_kind, k.owner_id, k.provider, k.sealed, k.key_id, k.binding, k.updated_at, k.last_used_at, "
            + "k.works_since, k.refused_at, u.max_concurrent";

    private const string Tables = "provider_keys k left join users u on u.id = k.user_id";

    /// <summary>For SQL: the key of a user for a provider, as <c>k</c>.</summary>
    private const string OfUser = "k.owner_kind = 'user' and k.owner_id = @userId and k.provider = @provider";

    /// <summary>What is stored about a key.</summary>
    /// <param name="MaxConcurrent">Null means <see cref="DefaultMaxConcurrent"/>.</param>
    /// <param name="WorksSince">Since when the provider has accepted the key. <paramref name="RefusedAt"/>: since when it has refused the
    /// key. At most one of the two is set.</param>
    internal sealed record Stored(
        string Id,
        string OwnerKind,
        string OwnerId,
        string Provider,
        byte[] Sealed,
        string KeyId,
        long Binding,
        DateTimeOffset UpdatedAt,
        DateTimeOffset? LastUsedAt,
        DateTimeOffset? WorksSince,
        DateTimeOffset? RefusedAt,
        long? MaxConcurrent)
    {
        public SealedKey SealedKey => new(Id, new KeyOwner(OwnerKind, OwnerId), Provider, Sealed, KeyId, Binding);
    }

    /// <returns>The key as stored, or null when this user has none.</returns>
    public async Task<Stored?> FindAsync(string userId, string provider, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Stored>(new CommandDefinition(
            $"select {Columns} from {Tables} where {OfUser}", new { userId, provider }, cancellationToken: cancel));
    }

    /// <returns>The key in that row, or null when it is gone.</returns>
    public async Task<Stored?> FindAsync(string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Stored>(new CommandDefinition(
            $"select {Columns} from {Tables} where k.id = @id", new { id }, cancellationToken: cancel));
    }

    /// <summary>How many requests at once a user may have, with or without a key.</summary>
    public async Task<long> MaxConcurrentAsync(string userId, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var stored = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "select max_concurrent from users where id = @userId", new { userId }, cancellationToken: cancel));
        return stored ?? DefaultMaxConcurrent;
    }

    /// <summary>Stores a key, in place of an earlier one if there is one.</summary>
    /// <param name="userId">Whose key it is.</param>
    /// <param name="provider">Which provider it is for.</param>
    /// <param name="bySession">The session that asks.</param>
    /// <param name="key">In clear.</param>
    /// <param name="maxConcurrent">How many requests at once the user may have; null leaves that as it is.</param>
    /// <param name="isKnownToWork">Whether the provider accepted the key a moment ago.</param>
    /// <param name="actor">Who stores it.</param>
    /// <exception cref="SessionOverException">
    /// The session that asks was ended meanwhile: a key is never put into an account whose password was just reset.
    /// </exception>
    public Task SaveAsync(
        string userId, string provider, string bySession, ProviderKey key, int? maxConcurrent, bool isKnownToWork, Actor actor) =>
        changes.MakeAsync(Scope.User(userId), async change =>
        {
            await Sessions.RequireAsync(change, userId, bySession);
            var earlier = await change.FindAsync<string>($"select k.id from provider_keys k where {OfUser}", new { userId, provider });
            var row = earlier ?? Guid.CreateVersion7(change.Now).ToString();
            await StoreAsync(change, userId, earlier, vault.Seal(key, row, KeyOwner.User(userId), provider), isKnownToWork);
            if (maxConcurrent is not null)
            {
                await SaveCapAsync(change, userId, maxConcurrent.Value);
            }

            var action = earlier is null ? AuditActions.KeySet : AuditActions.KeyReplaced;
            return Verdict.Done(true, ChangeKind.Key, userId, AuditEvent.Own(action, actor, provider));
        });

    /// <returns>Whether the user has a key; without one, the cap stays.</returns>
    public Task<bool> SaveMaxConcurrentAsync(string userId, int maxConcurrent, Actor actor) =>
        changes.MakeAsync(Scope.User(userId), async change =>
    {
        if (await change.FindAsync<long>("select count(*) from provider_keys where user_id = @userId", new { userId }) == 0)
        {
            return Verdict.Nothing(false);
        }

        var happened = AuditEvent.Own(AuditActions.KeyCapChanged, actor, maxConcurrent.ToString(CultureInfo.InvariantCulture));
        return await SaveCapAsync(change, userId, maxConcurrent)
            ? Verdict.Done(true, ChangeKind.Key, userId, happened)
            : Verdict.Nothing(true); // the cap is the same as before, so nobody has to hear of it
    });

    /// <returns>Whether there was one.</returns>
    public Task<bool> DeleteAsync(string userId, string provider, Actor actor) => changes.MakeAsync(Scope.User(userId), async change =>
        await change.ExecuteAsync($"delete from provider_keys as k where {OfUser}", new { userId, provider }) > 0
            ? Verdict.Done(true, ChangeKind.Key, userId, AuditEvent.Own(AuditActions.KeyRemoved, actor, provider))
            : Verdict.Nothing(false));

    /// <summary>Removes all keys of a user as part of another change, which holds the lock of the user.</summary>
    /// <returns>Whether there was one.</returns>
    public static async Task<bool> RemoveAllAsync(Change change, string userId) =>
        await change.ExecuteAsync("delete from provider_keys where user_id = @userId", new { userId }) > 0;

    public async Task TouchAsync(string id, DateTimeOffset usedAt, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await TouchAsync(connection, null, [(id, usedAt)], cancel);
    }

    /// <summary>Records when keys were last used, by their rows' ids.</summary>
    public static Task TouchAsync(
        DbConnection connection, DbTransaction? transaction, IEnumerable<(string Id, DateTimeOffset UsedAt)> uses,
            CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            "update provider_keys set last_used_at = @Used where id = @Id and updated_at <= @Used",
            uses.Select(use => new { use.Id, Used = use.UsedAt }),
            transaction,
            cancellationToken: cancel));

    public async Task<long> CountAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.ExecuteScalarAsync<long>(
            new CommandDefinition("select count(*) from provider_keys", cancellationToken: cancel));
    }

    /// <summary>
    /// Notes whether the provider accepted or refused the key. Of several equal answers in a row, the time of the first counts.
    /// </summary>
    public async Task NoteAsync(KeyNote note, CancellationToken cancel)
    {
        var (now, before) = note.Works ? ("works_since", "refused_at") : ("refused_at", "works_since");
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            $"update provider_keys set {now} = @At, {before} = null where id = @Id and updated_at <= @At and {now} is null",
            new { note.Id, note.At },
            cancellationToken: cancel));
    }

    /// <param name="after">The id of a row: the keys that come after it, in the order of their ids; empty for the first ones.</param>
    /// <param name="most">How many at once.</param>
    /// <param name="cancel">Has an effect until the keys are read.</param>
    public async Task<IReadOnlyList<SealedKey>> ListAsync(string after, int most, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var rows = await connection.QueryAsync<Stored>(new CommandDefinition(
            $"select {Columns} from {Tables} where k.id > @after order by k.id limit @most",
            new { after, most = (long)most },
            cancellationToken: cancel));
        return [.. rows.Select(row => row.SealedKey)];
    }

    /// <summary>
    /// Replaces the seals that were read by other seals of the same keys, all or none. A key that was changed meanwhile keeps its change.
    /// </summary>
    public async Task ResealAsync(IEnumerable<(SealedKey Before, SealedKey After)> keys, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "update provider_keys set sealed = @Sealed, key_id = @KeyId, binding = @Binding where id = @Id and sealed = @Old",
            keys.Select(key => new { key.After.Sealed, key.After.KeyId, key.After.Binding, key.After.Id, Old = key.Before.Sealed }),
            transaction,
            cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
    }

    private static async Task<bool> SaveCapAsync(Change change, string userId, int cap) => await change.ExecuteAsync(
        "update users set max_concurrent = @cap where id = @userId and coalesce(max_concurrent, @initial) <> @cap",
        new { userId, cap = (long)cap, initial = (long)DefaultMaxConcurrent }) > 0;

    private static Task<int> StoreAsync(Change change, string userId, string? earlier, SealedKey key, bool isKnownToWork) =>
        change.ExecuteAsync(
        earlier is null
            ? """
              insert into provider_keys (
                  id, owner_kind, owner_id, user_id, provider, sealed, key_id, binding, created_at, updated_at, works_since)
              values (@Id, @Kind, @userId, @userId, @Provider, @Sealed, @KeyId, @Binding, @Now, @Now, @Works)
              """
            : """
              update provider_keys set sealed = @Sealed, key_id = @KeyId, binding = @Binding, updated_at = @Now,
                  last_used_at = null, works_since = @Works, refused_at = null
              where id = @Id
              """,
        new
        {
            key.Id,
            key.Owner.Kind,
            userId,
            key.Provider,
            key.Sealed,
            key.KeyId,
            key.Binding,
            change.Now,
            Works = isKnownToWork ? change.Now : (DateTimeOffset?)null,
        });
}
