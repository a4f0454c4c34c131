using Dapper;
using TraceVault.Capture.Parts;
using TraceVault.Capture.Policies;
using TraceVault.Storage;

namespace TraceVault.Capture.Retention;

/// <summary>
/// Ends what has had its days: first the content, whose keys are destroyed, then the rows of usage. Parts that nobody can read any more are
/// deleted. All in small steps, so that nobody waits long for the database.
/// </summary>
internal sealed class ExpiredTraces(Database database, IPartStore parts, CapturePolicies policies, TimeProvider clock) : IExpiring
{
    private const int AtOnce = 200;

    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        var policy = policies.Now.Policy;
        var now = UnixTime.Now(clock);
        var (content, usage) = (now.AddDays(-policy.ContentDays), now.AddDays(-policy.UsageDays));
        await RepeatAsync(() => EndContentAsync(content, now, cancel));
        await RepeatAsync(() => DeletePartsAsync(content, cancel));
        await RepeatAsync(() => DeleteUsageAsync(usage, cancel));
    }

    private static async Task RepeatAsync(Func<Task<int>> step)
    {
        while (await step() == AtOnce)
        {
        }
    }

    /// <returns>How many traces had their key destroyed.</returns>
    private async Task<int> EndContentAsync(DateTimeOffset before, DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var ids = (await connection.QueryAsync<string>(new CommandDefinition(
            $"""
            select id from traces
            where erased_at is null and (last_at < @before or not exists (select 1 from users u where u.id = traces.user_id))
            limit {AtOnce}
            """,
            new { before },
            transaction,
            cancellationToken: cancel))).AsList();
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from capture_trace_keys where trace_id = @id", ids.Select(id => new { id }), transaction, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(
            "update traces set erased_at = @now where id = @id",
            ids.Select(id => new { id, now }),
            transaction,
            cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
        return ids.Count;
    }

    /// <returns>How many parts were deleted.</returns>
    private async Task<int> DeletePartsAsync(DateTimeOffset before, CancellationToken cancel)
    {
        List<string> ids;
        await using (var connection = await database.OpenReaderAsync(cancel))
        {
            ids = (await connection.QueryAsync<string>(new CommandDefinition(
                $"""
                select p.id from parts p left join traces t on t.n = p.trace_n
                where p.last_at < @before or (p.trace_n is not null and (t.n is null or t.erased_at is not null))
                limit {AtOnce}
                """,
                new { before },
                cancellationToken: cancel))).AsList();
        }

        foreach (var id in ids)
        {
            await parts.DeleteAsync(Guid.Parse(id), cancel);
        }

        await using var writer = await database.OpenWriterAsync(cancel);
        await writer.ExecuteAsync(new CommandDefinition(
            "delete from parts where id = @id", ids.Select(id => new { id }), cancellationToken: cancel));
        return ids.Count;
    }

    /// <returns>How many traces were deleted, with their exchanges.</returns>
    private async Task<int> DeleteUsageAsync(DateTimeOffset before, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(
            $"delete from traces where n in (select n from traces where last_at < @before limit {AtOnce})",
            new { before },
            cancellationToken: cancel));
    }
}
