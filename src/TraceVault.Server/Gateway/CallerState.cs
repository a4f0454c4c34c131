using TraceVault.Accounts;
using TraceVault.Keys;

namespace TraceVault.Gateway;

/// <summary>What this process knows about a user, across the user's tokens and their reloads.</summary>
/// <param name="upstreams">How many upstreams there are.</param>
internal sealed class CallerState(int upstreams)
{
    private static readonly TimeSpan SayAgain = TimeSpan.FromMinutes(1);

    private readonly HashSet<Exchange> _running = [];
    private long _version;
    private volatile KeyNote? _note, _written;

    /// <summary>
    /// The user's own connections: one client for each upstream, at the upstream's index. See <see cref="Upstream.ClientOf"/>.
    /// </summary>
    public HttpMessageInvoker?[] Clients { get; } = new HttpMessageInvoker?[upstreams];

    public long Version => Volatile.Read(ref _version);

    public void Changed()
    {
        Interlocked.Increment(ref _version);
        _note = null; // the key may be another one
    }

    /// <summary>
    /// Keeps what is new about the user's key for <see cref="LastUseWriter"/>: nearly every answer says the same as the one before. The
    /// same is kept again after a while, because another server may have written something else.
    /// </summary>
    public void Note(string keyId, bool works, DateTimeOffset now)
    {
        if (_note is not { } last || last.Id != keyId || last.Works != works || now - last.At > SayAgain)
        {
            _note = new KeyNote(keyId, works, now);
        }
    }

    /// <summary>The note that is not in the database yet; null when there is none.</summary>
    public KeyNote? UnwrittenNote => _note is { } note && note != _written ? note : null;

    public void Written(KeyNote note) => _written = note;

    /// <summary>Takes one of <paramref name="cap"/> places; <see cref="Leave"/> gives it back after the last byte.</summary>
    public bool TryEnter(Exchange exchange, int cap)
    {
        lock (_running)
        {
            return _running.Count < cap && _running.Add(exchange);
        }
    }

    public void Leave(Exchange exchange)
    {
        lock (_running)
        {
            _running.Remove(exchange);
        }
    }

    /// <returns>The tokens that the user's running exchanges were begun with.</returns>
    public IReadOnlyCollection<PresentedToken> RunningTokens()
    {
        lock (_running)
        {
            return [.. _running.Select(exchange => exchange.Token).Distinct()];
        }
    }

    public bool RunsUnder(PresentedToken token)
    {
        lock (_running)
        {
            return _running.Any(exchange => exchange.Token == token);
        }
    }

    /// <summary>Breaks off the exchanges that were begun with a token that is no longer valid.</summary>
    public void BreakOff(PresentedToken token)
    {
        // Under the lock, because an exchange that has left may have handed its connection and its context to the next request.
        lock (_running)
        {
            foreach (var exchange in _running.Where(exchange => exchange.Token == token).ToArray())
            {
                if (_running.Contains(exchange))
                {
                    exchange.BreakOff();
                }
            }
        }
    }
}
