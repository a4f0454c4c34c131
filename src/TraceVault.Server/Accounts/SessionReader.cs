using TraceVault.Identity;

namespace TraceVault.Accounts;

/// <summary>Finds who a session token stands for; being used moves a session's end.</summary>
internal sealed class SessionReader(Sessions sessions, TimeProvider clock)
{
    /// <summary>A use within this time of the last recorded one is not written again.</summary>
    private static readonly TimeSpan TouchInterval = TimeSpan.FromMinutes(1);

    /// <param name="SignedIn">Null when the session is unknown or over.</param>
    /// <param name="ExpiredAt">When it ended by age, if that is why.</param>
    /// <param name="IsMoved">Whether its end was moved.</param>
    internal readonly record struct Answer(SignedIn? SignedIn, DateTimeOffset? ExpiredAt = null, bool IsMoved = false);

    public async Task<Answer> ReadAsync(TokenHash hash, CancellationToken cancel)
    {
        if (await sessions.FindAsync(hash, cancel) is not { } session)
        {
            return default;
        }

        var (now, created) = (clock.GetUtcNow(), DateTimeOffset.FromUnixTimeMilliseconds(session.CreatedAt));
        var (expires, used) = (Sessions.EndOf(session.ExpiresAt, session.ReplacedUntil), DateTimeOffset.FromUnixTimeMilliseconds(session.LastUsedAt));
        if (now >= expires)
        {
            return new Answer(null, expires);
        }

        // Also the first use of a device's session; and a token that was replaced moves nothing, so that it shows whether its successor arrived.
        var moves = session.ReplacedUntil == 0 && (now - used > TouchInterval || expires < Sessions.ExpiryAfterUse(created, used));
        if (moves)
        {
            await sessions.TouchAsync(new Sessions.Use(session.Id, created, now), cancel);
            expires = Sessions.ExpiryAfterUse(created, now);
        }

        return new Answer(new SignedIn(new User(session.UserId, session.Email, session.Name, session.Role), session.Id, created, expires), IsMoved: moves);
    }
}
