using TraceVault.Accounts;
using TraceVault.Vault;

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

    public KeyOwner Owner => new(UserId);

    /// <summary>Whether its use moves its end.</summary>
    public bool Slides => TokenKind is TokenKind.Session && !IsReplaced;

    /// <summary>When the token ends: as its row says, and a session that was used since then slides.</summary>
    public DateTimeOffset ExpiresAt => Slides && Use.UsedAt > StoredUse ? Sessions.ExpiryAfterUse(CreatedAt, Use.UsedAt) : StoredEnd;
}

/// <summary>What this process knows of a user across sessions and reloads.</summary>
internal sealed class CallerUser
{
    private long _version;
    private int _running;

    public long Version => Volatile.Read(ref _version);

    public void Changed() => Interlocked.Increment(ref _version);

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
