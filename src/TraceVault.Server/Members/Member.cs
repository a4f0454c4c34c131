using TraceVault.Accounts;
using TraceVault.Identity;

namespace TraceVault.Members;

/// <summary>Somebody with an account, as administrators see them.</summary>
/// <param name="DisabledAt">Null while the account may be used.</param>
/// <param name="LastSeenAt">The latest use of a session, whether it still exists or not; null when there was none.</param>
public sealed record Member(
    string Id, string Email, string? Name, string Role, DateTimeOffset? DisabledAt, DateTimeOffset CreatedAt, DateTimeOffset? LastSeenAt)
{
    internal const string Columns = "u.id, u.email, u.name, u.role, u.disabled_at, u.created_at, u.last_seen_at";

    internal User User => new(Id, Email, Name, Role);
}

internal enum MemberOutcome
{
    Done,

    /// <summary>It was already so: nothing was ended, and the audit log has no event.</summary>
    Unchanged,

    /// <summary>There is no such member.</summary>
    Unknown,

    /// <summary>The role does not allow it, see <see cref="MemberPolicy"/>.</summary>
    NotAllowed,

    /// <summary>Afterwards nobody could administer the server any more.</summary>
    LastOwner,

    /// <summary>The account has to be enabled first.</summary>
    Disabled,

    /// <summary>Another reset link was made while somebody was about to make one.</summary>
    LinkMade,
}

/// <summary>A link that was just made; its token is shown once and never again.</summary>
internal sealed record IssuedLink(AccessToken Token, DateTimeOffset ExpiresAt);
