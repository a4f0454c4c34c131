using System.Collections.Concurrent;

namespace TraceVault.Capture.Taping;

/// <summary>The exchanges of this server that run, or that the recorder has not written yet.</summary>
internal sealed class RunningExchanges
{
    private readonly ConcurrentDictionary<Guid, ExchangeStart> _running = new();

    public bool IsEmpty => _running.IsEmpty;

    public void Add(ExchangeStart start) => _running[start.Id] = start;

    public void Remove(Guid exchange) => _running.TryRemove(exchange, out _);

    /// <returns>The user whose exchange it is; null when it does not run.</returns>
    public string? OwnerOf(Guid exchange) => _running.GetValueOrDefault(exchange)?.UserId;

    /// <summary>Whether one of them belongs to a session, which its headers name.</summary>
    public bool Has(string userId, string sessionKey)
    {
        foreach (var (_, start) in _running)
        {
            if (start.UserId == userId && start.SessionKey == sessionKey)
            {
                return true;
            }
        }

        return false;
    }
}
