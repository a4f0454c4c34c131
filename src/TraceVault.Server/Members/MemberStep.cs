namespace TraceVault.Members;

/// <summary>A step that an administrator confirms on a page of its own.</summary>
/// <param name="Slug">Its name in addresses.</param>
/// <param name="Action">What it does.</param>
/// <param name="Button">What it is called.</param>
/// <param name="Effect">What follows from it.</param>
/// <param name="Done">What is said when it is done; null when its own page says so.</param>
internal sealed record MemberStep(string Slug, MemberAction Action, string Button, string Effect, string? Done)
{
    public static readonly IReadOnlyList<MemberStep> All =
    [
        new("end-sessions", MemberAction.EndSessions, "End all sessions",
            "They are signed out everywhere at once and can sign in again. Their proxy tokens go on working; disabling the account ends those too.",
            "The sessions are ended."),
        new("reset-password", MemberAction.ResetPassword, "Make a reset link",
            "You get a link to send them, good once and for 24 hours. Their password stands until they use it. The new password ends their sessions and proxy tokens and removes their stored Anthropic key, so that a link in the wrong hands does not open it.",
            null),
        new("disable", MemberAction.Disable, "Disable the account",
            "Their sessions and proxy tokens end at once, links they sent out stop working, and they cannot sign in. Their stored key stays for the day the account is enabled again.",
            "The account is disabled."),
        new("enable", MemberAction.Enable, "Enable the account", "They can sign in again with their password. Earlier sessions and tokens stay ended.", "The account is enabled."),
        new("remove", MemberAction.Remove, "Remove for good",
            "Their account, stored key, sessions and proxy tokens are deleted and cannot be brought back. The audit log stays.",
            null),
    ];

    public static MemberStep? Find(string slug) => All.FirstOrDefault(step => step.Slug == slug);

    /// <summary>Whether nothing brings back what it takes.</summary>
    public bool IsFinal => Action is MemberAction.Remove;

    public bool IsOffered(Member member) => Action switch
    {
        MemberAction.Enable => member.DisabledAt is not null,
        MemberAction.Disable or MemberAction.ResetPassword => member.DisabledAt is null,
        _ => true,
    };
}
