using Dapper;
using TraceVault.Storage;

namespace TraceVault.Capture.Recording;

/// <summary>Writes the rows of exchanges, and what they add to their traces, in one transaction that can be repeated.</summary>
internal sealed class ExchangeRows(Database database)
{
    private const string Insert = """
        insert into exchanges (
            id, trace_n, agent_n, token_id, provider, kind, method, path, started_at, first_byte_us, duration_us, status, outcome,
            error_type, error_code, is_stream, model_asked, model, stop_reason, upstream_request_id, message_id, request_bytes,
            response_bytes, recorded, gap_bytes, retry_of, usage, usage_source, part_n, frames_at, request_frame, response_frame)
        values (
            @Id, @TraceN, @AgentN, @TokenId, @Provider, @Kind, @Method, @Path, @StartedAt, @FirstByteUs, @DurationUs, @Status, @Outcome,
            @ErrorType, @ErrorCode, @IsStream, @ModelAsked, @Model, @StopReason, @UpstreamRequestId, @MessageId, @RequestBytes,
            @ResponseBytes, @Recorded, @GapBytes, @RetryOf, @Usage, @UsageSource, @PartN, @FramesAt, @RequestFrame, @ResponseFrame)
        on conflict (id) do nothing
        """;

    /// <summary>What the exchanges of a batch add to one trace.</summary>
    private sealed record Added(
        long N, DateTimeOffset LastAt, int Exchanges, int Messages, int Errors, long WireBytes, long StoredBytes, long Recorded);

    /// <param name="rows">The exchanges. Those that are stored already are left out, and add nothing.</param>
    /// <param name="parts">How long the parts are with the frames of these exchanges.</param>
    /// <param name="cancel">Stops before the commit.</param>
    public async Task AppendAsync(IReadOnlyList<ExchangeRow> rows, IEnumerable<PartLength> parts, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var added = new List<ExchangeRow>(rows.Count);
        foreach (var row in rows)
        {
            if (await connection.ExecuteAsync(new CommandDefinition(Insert, row, transaction, cancellationToken: cancel)) == 1)
            {
                added.Add(row);
            }
        }

        // In the order of the numbers, so that two servers never wait for each other's traces in a circle.
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update traces set last_at = case when last_at < @LastAt then @LastAt else last_at end,
                exchanges = exchanges + @Exchanges, messages = messages + @Messages, errors = errors + @Errors,
                wire_bytes = wire_bytes + @WireBytes, stored_bytes = stored_bytes + @StoredBytes,
                recorded = case when recorded < @Recorded then @Recorded else recorded end
            where n = @N
            """,
            added.GroupBy(row => row.TraceN).OrderBy(trace => trace.Key).Select(Sum),
            transaction,
            cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(
            "update parts set length = @Length, last_at = @LastAt where n = @N", parts, transaction, cancellationToken: cancel));
        await transaction.CommitAsync(CancellationToken.None);
    }

    private static Added Sum(IGrouping<long, ExchangeRow> rows) => new(
        rows.Key,
        rows.Max(row => row.StartedAt),
        rows.Count(),
        rows.Count(row => row.Kind == "message"),
        rows.Count(row => row.IsError),
        rows.Sum(row => row.RequestBytes + row.ResponseBytes),
        rows.Sum(row => (row.RequestFrame ?? 0) + (row.ResponseFrame ?? 0)),
        rows.Max(row => (long)row.Recorded));
}

/// <summary>How long a part is, and when something was last added to it.</summary>
internal sealed record PartLength(long N, long Length, DateTimeOffset LastAt);
