using TraceVault.Accounts;
using TraceVault.Keys;
using TraceVault.Providers;

namespace TraceVault.Gateway;

/// <summary>
/// Somebody's live token with what its user stored, as of <see cref="LoadedAt"/>, a time stamp of the clock. The key stays sealed here.
/// </summary>
/// <param name="StoredEnd">When it ends, as its row says.</param>
/// <param name="StoredUse">When it was last used, as its row says.</param>
/// <param name="IsReplaced">Whether a refresh has put another in its place: it serves on for some minutes.</param>
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
    /// <summary>Whether the user was changed since this was read.</summary>
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

    /// <summary>Notes what an answer says of the key that asked, unless that is another one by now.</summary>
    public void Answered(SealedKey key, int? status, DateTimeOffset now)
    {
        if (KeyNote.Of(status) is { } works && !IsOutdated)
        {
            User.Note(key.Id, works, now);
        }
    }

    /// <summary>Whether its use moves its end.</summary>
    public bool Slides => TokenKind is TokenKind.Session && !IsReplaced;

    /// <summary>When the token ends: as its row says, and a session that was used since then slides.</summary>
    public DateTimeOffset ExpiresAt => Slides && Use.UsedAt > StoredUse ? Sessions.ExpiryAfterUse(CreatedAt, Use.UsedAt) : StoredEnd;
}
