using TraceVault.Identity;

namespace TraceVault.Members;

/// <summary>What one person may do to another's account. Nothing here, and nothing elsewhere, opens another's key.</summary>
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
/// All the rules of who may do what to whom: owners may do everything to everybody, administrators only to plain members, so that nobody
/// can rise through an account with an equal or higher role. The last owner is protected with the help of the database, see
/// <see cref="Membership"/>.
/// </summary>
internal static class MemberPolicy
{
    public static readonly IReadOnlyList<string> Roles = [User.Member, User.Admin, User.Owner];

    /// <summary>Whether somebody with this role may give that role to somebody.</summary>
    public static bool MayGrant(string role, string granted) => role switch
    {
        User.Owner => Roles.Contains(granted),
        User.Admin => granted is User.Member,
        _ => false,
    };

    /// <param name="role">The role of the person who acts.</param>
    /// <param name="action">What they do.</param>
    /// <param name="target">The role of the person to whom they do it.</param>
    /// <param name="isSelf">
    /// Whether both are the same person: an owner may step down and leave, but changes their own password by knowing it, not with a link.
    /// </param>
    public static bool Allows(string role, MemberAction action, string target, bool isSelf) => role switch
    {
        User.Owner => !(isSelf && action is MemberAction.ResetPassword),
        User.Admin => !isSelf && target is User.Member,
        _ => false,
    };
}
