using TraceVault.Capture.Reading;
using TraceVault.Capture.Taping;

namespace TraceVault.Capture.Recording;

/// <summary>A trace as exchanges refer to it.</summary>
/// <param name="N">Its short number.</param>
/// <param name="IsErased">Whether its content was erased: no more content is kept then.</param>
internal sealed record TraceRef(long N, string Id, string UserId, bool IsErased)
{
    /// <summary>
    /// The short numbers of its agents that are known here, by the names that the client gives them; the main one's is empty.
    /// </summary>
    public Dictionary<string, long> Agents { get; } = new(StringComparer.Ordinal);

    public DateTimeOffset UsedAt { get; set; }
}

/// <summary>Finds the trace and the agent of an exchange, and creates them the first time. For one thread at a time.</summary>
internal sealed class TraceBook
{
    /// <summary>How many traces are remembered.</summary>
    private const int MaxTraces = 1024;

    private readonly Dictionary<(string UserId, string SessionKey), TraceRef> _known = [];

    public async Task<(TraceRef Trace, long AgentN)> FindAsync(
        LazyWriter writer, ExchangeStart start, string sessionKey, TraceIdentity identity)
    {
        var key = (start.UserId, sessionKey);
        if (!_known.TryGetValue(key, out var trace))
        {
            DropOldest();
            _known[key] = trace = await CreateAsync(writer, start, sessionKey, identity);
        }

        trace.UsedAt = start.At;
        var agent = identity.AgentId ?? "";
        if (!trace.Agents.TryGetValue(agent, out var agentN))
        {
            trace.Agents[agent] = agentN = await CreateAgentAsync(writer, trace, agent, identity.ParentAgentId);
        }

        return (trace, agentN);
    }

    /// <summary>Has all traces read again.</summary>
    public void Clear() => _known.Clear();

    private static async Task<TraceRef> CreateAsync(
        LazyWriter writer, ExchangeStart start, string sessionKey, TraceIdentity identity)
    {
        await writer.ExecuteAsync(
            """
            insert into traces (id, user_id, session_key, client, project, labels, started_at, last_at)
            values (@Id, @UserId, @sessionKey, @Client, @Project, @Labels, @At, @At)
            on conflict (user_id, session_key) do nothing
            """,
            new
            {
                Id = Guid.CreateVersion7(start.At).ToString(),
                start.UserId,
                sessionKey,
                Client = identity.Client.Version is { } version ? $"{identity.Client.Name}/{version}" : identity.Client.Name,
                identity.Project,
                Labels = string.Join(',', identity.Labels.Select(label => $"{label.Key}={label.Value}")),
                start.At,
            });
        var (n, id, erasedAt) = await writer.ReadAsync<(long N, string Id, long? ErasedAt)>(
            "select n, id, erased_at from traces where user_id = @UserId and session_key = @sessionKey", new { start.UserId, sessionKey });
        return new TraceRef(n, id, start.UserId, erasedAt is not null);
    }

    private static async Task<long> CreateAgentAsync(LazyWriter writer, TraceRef trace, string agent, string? parent)
    {
        await writer.ExecuteAsync(
            """
            insert into trace_agents (trace_n, agent_id, parent_id) values (@N, @agent, @parent)
            on conflict (trace_n, agent_id) do nothing
            """,
            new { trace.N, agent, parent });
        return await writer.ReadAsync<long>(
            "select n from trace_agents where trace_n = @N and agent_id = @agent", new { trace.N, agent });
    }

    private void DropOldest()
    {
        if (_known.Count >= MaxTraces)
        {
            foreach (var (key, _) in _known.OrderBy(each => each.Value.UsedAt).Take(MaxTraces / 4).ToList())
            {
                _known.Remove(key);
            }
        }
    }
}
