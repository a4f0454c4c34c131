using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using TraceVault.Changes;
using TraceVault.Storage;

namespace TraceVault.Capture.Parts;

/// <summary>The sealed keys in the database. None is kept in memory: what was erased cannot be read from the next call on.</summary>
internal sealed class TraceKeys(Database database, CaptureVault vault)
{
    /// <returns>The key, or null when there is none, or none any more: what it sealed cannot be read.</returns>
    /// <exception cref="CryptographicException">It is there and does not open.</exception>
    public async Task<TraceKey?> FindAsync(Guid trace, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            """
            select t.sealed, u.user_id, u.sealed as user_sealed, u.key_id
            from capture_trace_keys t join capture_user_keys u on u.user_id = t.user_id where t.trace_id = @trace
            """,
            new { trace = trace.ToString() },
            cancellationToken: cancel));
        return row is null ? null : vault.Open(row.Sealed, trace, new SealedUserKey(row.UserId, row.UserSealed, row.KeyId));
    }

    /// <summary>Makes the key of a trace. If there is one already, even since a moment ago by another server, it is that one.</summary>
    /// <exception cref="CryptographicException">There is one that does not open, or it is another user's.</exception>
    /// <exception cref="DbException">There is no such user.</exception>
    public async Task<TraceKey> CreateAsync(string userId, Guid trace, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var user = await LockedUserKeyAsync(connection, transaction, userId);
        var values = new { trace = trace.ToString(), userId, made = vault.Seal(TraceKey.Create(), trace, user) };
        await connection.ExecuteAsync(
            """
            insert into capture_trace_keys (trace_id, user_id, sealed) values (@trace, @userId, @made)
            on conflict (trace_id) do nothing
            """,
            values,
            transaction);
        var stored = await connection.QuerySingleAsync<byte[]>(
            "select sealed from capture_trace_keys where trace_id = @trace", values, transaction);
        await transaction.CommitAsync(CancellationToken.None);
        return vault.Open(stored, trace, user);
    }

    /// <summary>Makes everything of a trace unreadable, in every copy of its parts.</summary>
    /// <returns>Whether there was a key.</returns>
    public static async Task<bool> EraseAsync(Change change, Guid trace) => await change.ExecuteAsync(
        "delete from capture_trace_keys where trace_id = @trace", new { trace = trace.ToString() }) > 0;

    /// <summary>Makes everything of a user unreadable, in every copy of its parts.</summary>
    /// <returns>Whether there was a key.</returns>
    public static async Task<bool> EraseAllAsync(Change change, string userId) =>
        await change.ExecuteAsync("delete from capture_user_keys where user_id = @userId", new { userId }) > 0;

    /// <summary>User keys that another master key sealed than the one in force, in the order of their users.</summary>
    /// <param name="after">The id of a user: those that come after it; empty for the first ones.</param>
    /// <param name="most">How many at once.</param>
    /// <param name="cancel">Has an effect until they are read.</param>
    public async Task<IReadOnlyList<SealedUserKey>> ListOldAsync(string after, int most, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return [.. await connection.QueryAsync<SealedUserKey>(new CommandDefinition(
            """
            select user_id, sealed, key_id from capture_user_keys
            where key_id <> @SealingId and user_id > @after order by user_id limit @most
            """,
            new { vault.SealingId, after, most = (long)most },
            cancellationToken: cancel))];
    }

    /// <summary>Replaces seals by others of the same keys. A key that was erased or resealed meanwhile stays so.</summary>
    public async Task ReplaceAsync(IEnumerable<(SealedUserKey Before, SealedUserKey After)> keys, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync(
            "update capture_user_keys set sealed = @Sealed, key_id = @KeyId where user_id = @UserId and sealed = @Old",
            keys.Select(key => new { key.After.Sealed, key.After.KeyId, key.After.UserId, Old = key.Before.Sealed }),
            transaction);
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>
    /// The update changes nothing but locks the row: were it erased meanwhile, the trace's key would be sealed under a key that is gone.
    /// </summary>
    private Task<SealedUserKey> LockedUserKeyAsync(DbConnection connection, DbTransaction transaction, string userId) =>
        connection.QuerySingleAsync<SealedUserKey>(
            """
            insert into capture_user_keys (user_id, sealed, key_id) values (@UserId, @Sealed, @KeyId)
            on conflict (user_id) do update set key_id = capture_user_keys.key_id returning user_id, sealed, key_id
            """,
            vault.CreateUserKey(userId),
            transaction);

    private sealed record Row(byte[] Sealed, string UserId, byte[] UserSealed, string KeyId);
}
