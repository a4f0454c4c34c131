using TraceVault.Keys;

namespace TraceVault.Gateway;

/// <summary>What this process knows of a user across sessions and reloads.</summary>
/// <param name="upstreams">How many there are.</param>
internal sealed class CallerState(int upstreams)
{
    private static readonly TimeSpan SayAgain = TimeSpan.FromMinutes(1);

    private long _version;
    private int _running;
    private volatile KeyNote? _note, _written;

    /// <summary>The user's own connections, to each upstream by its index: see <see cref="Upstream.ClientOf"/>.</summary>
    public HttpMessageInvoker?[] Clients { get; } = new HttpMessageInvoker?[upstreams];

    public long Version => Volatile.Read(ref _version);

    public void Changed()
    {
        Interlocked.Increment(ref _version);
        _note = null; // the key may be another one
    }

    /// <summary>Keeps what is news of the user's key for <see cref="LastUseWriter"/>: nearly every answer says the same as the one before. Said again after a while, for another server may have written something else.</summary>
    public void Note(string keyId, bool works, DateTimeOffset now)
    {
        if (_note is not { } last || last.Id != keyId || last.Works != works || now - last.At > SayAgain)
        {
            _note = new KeyNote(keyId, works, now);
        }
    }

    /// <summary>What is not in the database yet; null when there is nothing.</summary>
    public KeyNote? UnwrittenNote => _note is { } note && note != _written ? note : null;

    public void Written(KeyNote note) => _written = note;

    /// <summary>Takes one of <paramref name="cap"/> places; <see cref="Leave"/> gives it back after the last byte.</summary>
    public bool TryEnter(int cap)
    {
        for (var running = Volatile.Read(ref _running); running < cap;)
        {
            var found = Interlocked.CompareExchange(ref _running, running + 1, running);
            if (found == running)
            {
                return true;
            }

            running = found;
        }

        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _running);
}
