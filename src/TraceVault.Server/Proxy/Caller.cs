using TraceVault.Accounts;
using TraceVault.Keys;

namespace TraceVault.Proxy;

/// <summary>Somebody's live token with what its user stored, as of <see cref="LoadedAt"/>, a time stamp of the clock. The key stays sealed here.</summary>
/// <param name="StoredEnd">When it ends, as its row says.</param>
/// <param name="StoredUse">When it was last used, as its row says.</param>
/// <param name="IsReplaced">Whether a refresh has put another in its place: it serves on for some minutes.</param>
internal sealed record Caller(
    TokenKind TokenKind,
    string TokenId,
    string UserId,
    DateTimeOffset CreatedAt,
    DateTimeOffset StoredEnd,
    DateTimeOffset StoredUse,
    bool IsReplaced,
    SealedKey? Key,
    int MaxConcurrent,
    long LoadedAt,
    CallerUser User,
    long UserVersion,
    TokenUse Use)
{
    /// <summary>Whether the user was changed since this was read.</summary>
    public bool IsOutdated => User.Version != UserVersion;

    /// <summary>Notes what an answer says of the key, unless that is another one by now.</summary>
    public void Answered(int? status, DateTimeOffset now)
    {
        if (KeyNote.Of(status) is { } works && Key is not null && !IsOutdated)
        {
            User.Note(Key.Id, works, now);
        }
    }

    /// <summary>Whether its use moves its end.</summary>
    public bool Slides => TokenKind is TokenKind.Session && !IsReplaced;

    /// <summary>When the token ends: as its row says, and a session that was used since then slides.</summary>
    public DateTimeOffset ExpiresAt => Slides && Use.UsedAt > StoredUse ? Sessions.ExpiryAfterUse(CreatedAt, Use.UsedAt) : StoredEnd;
}

/// <summary>What this process knows of a user across sessions and reloads.</summary>
internal sealed class CallerUser
{
    private static readonly TimeSpan SayAgain = TimeSpan.FromMinutes(1);

    private long _version;
    private int _running;
    private volatile KeyNote? _note, _written;

    /// <summary>The user's own connections to the upstream, see <see cref="Upstream.ClientOf"/>.</summary>
    public HttpMessageInvoker? Client { get; set; }

    public long Version => Volatile.Read(ref _version);

    public void Changed()
    {
        Interlocked.Increment(ref _version);
        _note = null; // the key may be another one
    }

    /// <summary>Keeps what is news of the user's key for <see cref="UseWriter"/>: nearly every answer says the same as the one before. Said again after a while, for another server may have written something else.</summary>
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

/// <summary>When a token was last used, kept in memory and written to the database from time to time.</summary>
internal sealed class TokenUse(DateTimeOffset lastUsedAt)
{
    private long _used = lastUsedAt.UtcTicks, _written = lastUsedAt.UtcTicks;

    public DateTimeOffset UsedAt => new(Volatile.Read(ref _used), TimeSpan.Zero);

    public void Mark(DateTimeOffset now) => Volatile.Write(ref _used, now.UtcTicks);

    public bool IsUnwritten => Volatile.Read(ref _used) > Volatile.Read(ref _written);

    public void Written(DateTimeOffset upTo) => Volatile.Write(ref _written, upTo.UtcTicks);
}
