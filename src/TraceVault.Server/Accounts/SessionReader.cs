using TraceVault.Identity;

namespace TraceVault.Accounts;

/// <summary>Finds the user and session of a session token. Each use moves the end of the session.</summary>
internal sealed class SessionReader(Sessions sessions, TimeProvider clock)
{
    /// <summary>A use within this time after the last recorded one is not written.</summary>
    private static readonly TimeSpan TouchInterval = TimeSpan.FromMinutes(1);

    /// <param name="SignedIn">Null when the session is unknown or over.</param>
    /// <param name="ExpiredAt">When the session expired, if that is why it is over.</param>
    /// <param name="IsMoved">Whether the end of the session was moved.</param>
    internal readonly record struct Answer(SignedIn? SignedIn, DateTimeOffset? ExpiredAt = null, bool IsMoved = false);

    public async Task<Answer> ReadAsync(TokenHash hash, CancellationToken cancel)
    {
        if (await sessions.FindAsync(hash, cancel) is not { } session)
        {
            return default;
        }

        var (now, created, used) = (clock.GetUtcNow(), session.CreatedAt, session.LastUsedAt);
        var expires = Sessions.EndOf(session.ExpiresAt, session.ReplacedUntil);
        if (now >= expires)
        {
            return new Answer(null, expires);
        }

        // The first use of a device's session moves its end, too. A replaced token moves nothing: so one can tell whether its successor
        // has arrived.
        var moves = session.ReplacedUntil is null && (now - used > TouchInterval || expires < Sessions.ExpiryAfterUse(created, used));
        if (moves)
        {
            await sessions.TouchAsync(new Sessions.Use(session.Id, created, now), cancel);
            expires = Sessions.ExpiryAfterUse(created, now);
        }

        var user = new User(session.UserId, session.Email, session.Name, session.Role);
        return new Answer(new SignedIn(user, session.Id, created, expires), IsMoved: moves);
    }
}
