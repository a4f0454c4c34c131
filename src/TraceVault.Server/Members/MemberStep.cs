namespace TraceVault.Members;

/// <summary>A step that an administrator confirms on a separate page.</summary>
/// <param name="Slug">Its name in addresses.</param>
/// <param name="Action">What it does.</param>
/// <param name="Button">What it is called.</param>
/// <param name="Effect">Its consequences.</param>
/// <param name="Done">The message when it is done; null when the next page says so itself.</param>
internal sealed record MemberStep(string Slug, MemberAction Action, string Button, string Effect, string? Done)
{
    public static readonly IReadOnlyList<MemberStep> All =
    [
        new("end-sessions", MemberAction.EndSessions, "End all sessions",
            "They are signed out everywhere at once and can sign in again. "
            + "Their proxy tokens keep working; disabling the account ends those too.",
            "The sessions are ended."),
        new("reset-password", MemberAction.ResetPassword, "Create a reset link",
            "You get a link to send them. It works once, within 24 hours. Their password stays the same until they use it. "
            + "The new password ends their sessions and proxy tokens and removes their stored Anthropic key, "
            + "so that nobody who gets hold of the link can use that key.",
            null),
        new("disable", MemberAction.Disable, "Disable the account",
            "Their sessions and proxy tokens end at once, links they sent out stop working, and they cannot sign in. "
            + "Their stored key is kept in case the account is enabled again.",
            "The account is disabled."),
        new("enable", MemberAction.Enable, "Enable the account",
            "They can sign in again with their password. Earlier sessions and tokens stay ended.",
            "The account is enabled."),
        new("remove", MemberAction.Remove, "Remove for good",
            "Their account, stored key, sessions and proxy tokens are deleted and cannot be brought back. The audit log stays.",
            null),
    ];

    public static MemberStep? Find(string slug) => All.FirstOrDefault(step => step.Slug == slug);

    /// <summary>Whether it cannot be undone.</summary>
    public bool IsFinal => Action is MemberAction.Remove;

    public bool IsOffered(Member member) => Action switch
    {
        MemberAction.Enable => member.DisabledAt is not null,
        MemberAction.Disable or MemberAction.ResetPassword => member.DisabledAt is null,
        _ => true,
    };
}
