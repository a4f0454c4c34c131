using TraceVault.Accounts;
using TraceVault.Keys;
using TraceVault.Providers;

namespace TraceVault.Gateway;

/// <summary>
/// A valid token and what its user has stored, as read at <see cref="LoadedAt"/>, a time stamp of the clock. The keys stay sealed here.
/// </summary>
/// <param name="StoredEnd">When the token ends, as its row says.</param>
/// <param name="StoredUse">When the token was last used, as its row says.</param>
/// <param name="IsReplaced">Whether a refresh has replaced the token by another: it remains valid for some minutes.</param>
internal sealed record CallerSnapshot(
    TokenKind TokenKind,
    string TokenId,
    string UserId,
    DateTimeOffset CreatedAt,
    DateTimeOffset StoredEnd,
    DateTimeOffset StoredUse,
    bool IsReplaced,
    SealedKey[] Keys,
    int MaxConcurrent,
    long LoadedAt,
    CallerState User,
    long UserVersion,
    TokenUse Use)
{
    /// <summary>Whether something about the user has changed since this was read.</summary>
    public bool IsOutdated => User.Version != UserVersion;

    /// <returns>The key that the user has for a provider; null when there is none.</returns>
    public SealedKey? KeyFor(Provider provider)
    {
        foreach (var key in Keys)
        {
            if (key.Provider == provider.Name)
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>Notes what an answer says about the key that was sent, unless the user may have another key by now.</summary>
    /// <param name="verdict">See <see cref="Provider.KeyVerdict"/>; null also when there was no answer.</param>
    public void Answered(SealedKey key, bool? verdict, DateTimeOffset now)
    {
        if (verdict is { } works && !IsOutdated)
        {
            User.Note(key.Id, works, now);
        }
    }

    /// <summary>Whether using the token moves its end.</summary>
    public bool Slides => TokenKind is TokenKind.Session && !IsReplaced;

    /// <summary>When the token ends: as its row says, or later if it is a session that was used after the time of use in its row.</summary>
    public DateTimeOffset ExpiresAt => Slides && Use.UsedAt > StoredUse ? Sessions.ExpiryAfterUse(CreatedAt, Use.UsedAt) : StoredEnd;
}
