using Dapper;
using TraceVault.Storage;

namespace TraceVault.Audit;

/// <summary>Reads the audit log, the newest first, in pages.</summary>
internal sealed class AuditReader(Database database)
{
    /// <summary>UUIDv7 sorts by time, so the primary key gives the order and the place where the next page begins.</summary>
    private const string Matches =
        """
        (@Actor is null or lower(actor_email) = @Actor or actor_email = @ActorAsTyped)
        and (@Subject is null or lower(subject_email) = @Subject or subject_email = @SubjectAsTyped)
        and (@Action is null or action = @Action or (@Action like '%.' and substr(action, 1, length(@Action)) = @Action))
        and (@Outcome is null or outcome = @Outcome) and at >= @From and at < @To
        """;

    /// <param name="Events">The newest first.</param>
    /// <param name="Next">The <see cref="AuditFilter.Before"/> of the next page; null on the last one.</param>
    internal sealed record Page(IReadOnlyList<AuditEntry> Events, string? Next);

    public async Task<Page> ReadAsync(AuditFilter filter, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var events = (await connection.QueryAsync<AuditEntry>(new CommandDefinition(
            $"""
            select id, at, action, outcome, actor_id, actor_email, subject_id, subject_email, target, client, address from audit_events
            where id < @Before and {Matches} order by id desc limit @Limit + 1
            """,
            filter,
            cancellationToken: cancel))).AsList();
        if (events.Count <= filter.Limit)
        {
            return new Page(events, null);
        }

        events.RemoveAt(events.Count - 1);
        return new Page(events, events[^1].Id);
    }

    /// <returns>The <see cref="AuditFilter.Before"/> of the page that ends where this one begins; null: the first page.</returns>
    public async Task<string?> NewerAsync(AuditFilter filter, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            $"select id from audit_events where id >= @Before and {Matches} order by id limit 1 offset @Limit",
            filter,
            cancellationToken: cancel));
    }
}
