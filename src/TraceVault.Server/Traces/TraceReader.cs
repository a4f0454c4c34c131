using Dapper;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Traces;

/// <summary>Reads traces and exchanges that somebody may see: their own, and those of everybody for owners and administrators.</summary>
internal sealed class TraceReader(Database database)
{
    private const string FromExchanges = """
        from exchanges e join traces t on t.n = e.trace_n join trace_agents a on a.n = e.agent_n left join users u on u.id = t.user_id
        left join parts p on p.n = e.part_n
        """;

    /// <param name="Traces">The newest first.</param>
    /// <param name="Models">For each trace, the models that answered.</param>
    /// <param name="Agents">For each trace, how many agents it has.</param>
    /// <param name="Next">The <see cref="TraceFilter.Before"/> of the next page; null on the last one.</param>
    internal sealed record Page(
        IReadOnlyList<TraceRow> Traces, ILookup<long, string> Models, IReadOnlyDictionary<long, int> Agents, string? Next);

    public async Task<Page> ListAsync(TraceFilter filter, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var traces = (await connection.QueryAsync<TraceRow>(new CommandDefinition(
            $"""
            select {TraceRow.Columns} from traces t left join users u on u.id = t.user_id
            where (@UserId is null or t.user_id = @UserId) and (@Email is null or lower(u.email) = @Email)
                and (@Project is null or t.project = @Project)
                and (@Client is null or t.client = @Client or t.client like @AnyVersion escape '!')
                and (@Model is null or exists (select 1 from exchanges e where e.trace_n = t.n and e.model = @Model))
                and t.last_at >= @From and t.started_at < @To and t.exchanges > 0 and t.id < @Before
            order by t.id desc limit @Limit + 1
            """,
            filter,
            cancellationToken: cancel))).AsList();
        string? next = null;
        if (traces.Count > filter.Limit)
        {
            traces.RemoveAt(traces.Count - 1);
            next = traces[^1].Id;
        }

        // In the text, because the engines take lists in different ways; 0 is nobody's number.
        var numbers = string.Join(',', traces.Select(trace => trace.N).Prepend(0));
        var models = await connection.QueryAsync<(long TraceN, string Model)>(new CommandDefinition(
            $"select distinct trace_n, model from exchanges where trace_n in ({numbers}) and model is not null order by model",
            cancellationToken: cancel));
        var agents = await connection.QueryAsync<(long TraceN, long Count)>(new CommandDefinition(
            $"select trace_n, count(*) from trace_agents where trace_n in ({numbers}) group by trace_n", cancellationToken: cancel));
        return new Page(
            traces,
            models.ToLookup(each => each.TraceN, each => each.Model),
            agents.ToDictionary(each => each.TraceN, each => (int)each.Count),
            next);
    }

    /// <returns>Null when there is no such trace, or when it is not theirs to see.</returns>
    public async Task<(TraceRow Trace, IReadOnlyList<string> Models, IReadOnlyList<AgentAnswer> Agents)?> FindAsync(
        string id, User reader, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var trace = await connection.QuerySingleOrDefaultAsync<TraceRow>(new CommandDefinition(
            $"select {TraceRow.Columns} from traces t left join users u on u.id = t.user_id where t.id = @id",
            new { id },
            cancellationToken: cancel));
        if (trace is null || !MaySee(reader, trace.UserId))
        {
            return null;
        }

        var models = await connection.QueryAsync<string>(new CommandDefinition(
            "select distinct model from exchanges where trace_n = @N and model is not null order by model",
            new { trace.N },
            cancellationToken: cancel));
        var agents = await connection.QueryAsync<(string Id, string? ParentId, long Exchanges)>(new CommandDefinition(
            """
            select a.agent_id, a.parent_id, count(e.id)
            from trace_agents a left join exchanges e on e.trace_n = a.trace_n and e.agent_n = a.n
            where a.trace_n = @N group by a.n, a.agent_id, a.parent_id order by a.n
            """,
            new { trace.N },
            cancellationToken: cancel));
        return (
            trace,
            models.AsList(),
            [.. agents.Select(agent => new AgentAnswer(agent.Id.Length == 0 ? null : agent.Id, agent.ParentId, agent.Exchanges))]);
    }

    /// <returns>The exchanges of a trace in order, after the one with the id <paramref name="after"/>.</returns>
    public async Task<IReadOnlyList<ExchangeDetails>> ExchangesAsync(long traceN, string after, long limit, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return (await connection.QueryAsync<ExchangeDetails>(new CommandDefinition(
            $"select {ExchangeDetails.Columns} {FromExchanges} where e.trace_n = @traceN and e.id > @after order by e.id limit @limit",
            new { traceN, after, limit },
            cancellationToken: cancel))).AsList();
    }

    /// <returns>Null when there is no such exchange, or when it is not theirs to see.</returns>
    public async Task<ExchangeDetails?> ExchangeAsync(string id, User reader, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var exchange = await connection.QuerySingleOrDefaultAsync<ExchangeDetails>(new CommandDefinition(
            $"select {ExchangeDetails.Columns} {FromExchanges} where e.id = @id", new { id }, cancellationToken: cancel));
        return exchange is not null && MaySee(reader, exchange.UserId) ? exchange : null;
    }

    private static bool MaySee(User reader, string userId) => reader.Id == userId || User.Administrators.Contains(reader.Role);
}
