using TraceVault.Accounts;

namespace TraceVault.Members;

/// <summary>What one person may do to another's account. Nothing here, and nothing else, opens another's key.</summary>
internal enum MemberAction
{
    ChangeRole,
    Disable,
    Enable,
    Remove,
    ResetPassword,
    EndSessions,
}

/// <summary>
/// Who may do what to whom, all of it: owners do everything to everybody, administrators to plain members alone, so that nobody rises by
/// way of an account that is equal or above. What the last owner may not lose is a matter of the database, see <see cref="Membership"/>.
/// </summary>
internal static class MemberPolicy
{
    public static readonly IReadOnlyList<string> Roles = [User.Member, User.Admin, User.Owner];

    /// <summary>Whether this role may make somebody be that role.</summary>
    public static bool MayGrant(string role, string granted) => role switch
    {
        User.Owner => Roles.Contains(granted),
        User.Admin => granted is User.Member,
        _ => false,
    };

    /// <param name="role">The role of who acts.</param>
    /// <param name="action">What they do.</param>
    /// <param name="target">The role of whom they do it to.</param>
    /// <param name="isSelf">Whether that is themselves: an owner may step down and leave; a password is changed by who knows it.</param>
    public static bool Allows(string role, MemberAction action, string target, bool isSelf) => role switch
    {
        User.Owner => !(isSelf && action is MemberAction.ResetPassword),
        User.Admin => !isSelf && target is User.Member,
        _ => false,
    };
}
