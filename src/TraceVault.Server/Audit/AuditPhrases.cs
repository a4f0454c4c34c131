namespace TraceVault.Audit;

/// <summary>Says in words what an event was: what follows the name of who did it.</summary>
internal static class AuditPhrases
{
    /// <param name="Past">What was done.</param>
    /// <param name="Infinitive">What was tried.</param>
    /// <param name="Rest">With {subject} and {target}; {of} stands for whose it was, if not one's own.</param>
    private sealed record Phrase(string Past, string Infinitive, string Rest = "");

    private static readonly Dictionary<string, Phrase> Phrases = new()
    {
        [AuditActions.SetUp] = new("set up", "set up", " this server"),
        [AuditActions.SignIn] = new("signed in", "sign in", "{as}"),
        [AuditActions.SignOut] = new("signed out", "sign out"),
        [AuditActions.SessionEnded] = new("ended", "end", " a session{of}"),
        [AuditActions.OtherSessionsEnded] = new("ended", "end", " {target} other sessions{of}"),
        [AuditActions.RefreshReused] = new("showed", "show", " a refresh token a second time, which ended the session{of}"),
        [AuditActions.KeySet] = new("stored", "store", " an Anthropic key{of}"),
        [AuditActions.KeyReplaced] = new("replaced", "replace", " the Anthropic key{of}"),
        [AuditActions.KeyRemoved] = new("removed", "remove", " the Anthropic key{of}"),
        [AuditActions.KeyCapChanged] = new("changed", "change", " the cap on requests at once{of} to {target}"),
        [AuditActions.TokenCreated] = new("created", "create", " the proxy token “{target}”{of}"),
        [AuditActions.TokenRevoked] = new("revoked", "revoke", " the proxy token “{target}”{of}"),
        [AuditActions.DeviceApproved] = new("approved", "approve", " a sign-in by device code"),
        [AuditActions.DeviceCodeTried] = new("found", "find", " a device by its code"),
        [AuditActions.DeviceRefused] = new("refused", "refuse", " a sign-in by device code"),
        [AuditActions.DeviceCodeReused] = new("showed", "show", " a device code a second time, which ended the session{of}"),
        [AuditActions.Invited] = new("invited", "invite", " {subject}"),
        [AuditActions.InviteAccepted] = new("joined", "join", " by invitation"),
        [AuditActions.InviteWithdrawn] = new("withdrew", "withdraw", " the invitation of {subject}"),
        [AuditActions.RoleChanged] = new("changed", "change", " the role of {subject} to {target}"),
        [AuditActions.Disabled] = new("disabled", "disable", " {subject}"),
        [AuditActions.Enabled] = new("enabled", "enable", " {subject} again"),
        [AuditActions.Removed] = new("removed", "remove", " {subject}"),
        [AuditActions.ResetIssued] = new("issued", "issue", " a password link for {subject}"),
        [AuditActions.PasswordReset] = new("reset", "reset", " the password{of}"),
        [AuditActions.PasswordChanged] = new("changed", "change", " the password{of}"),
    };

    public static IEnumerable<string> Actions => Phrases.Keys;

    /// <summary>What actions begin with, up to the dot.</summary>
    public static IEnumerable<string> Areas => Phrases.Keys.Select(action => action[..(action.IndexOf('.', StringComparison.Ordinal) + 1)]).Distinct();

    public static bool Knows(string actionOrArea) => Phrases.ContainsKey(actionOrArea) || Areas.Contains(actionOrArea);

    public static string Who(AuditEntry entry) => entry switch
    {
        { ActorEmail: { } email } => email,
        { Address: null } => "The operator",
        _ => "Somebody not signed in",
    };

    public static string What(AuditEntry entry)
    {
        if (!Phrases.TryGetValue(entry.Action, out var phrase))
        {
            return entry.Action; // of a newer server on the same database
        }

        var rest = phrase.Rest
            .Replace("{target}", entry.Target, StringComparison.Ordinal)
            .Replace("{subject}", entry.SubjectEmail ?? "somebody", StringComparison.Ordinal)
            .Replace("{of}", entry.SubjectId == entry.ActorId ? "" : $" of {entry.SubjectEmail ?? "somebody"}", StringComparison.Ordinal)
            .Replace("{as}", entry.ActorId is not null ? "" : $" as {entry.SubjectEmail ?? "nobody who is known"}", StringComparison.Ordinal);
        return entry.Outcome switch
        {
            "done" => phrase.Past + rest,
            "refused" when entry.Action is AuditActions.SignIn or AuditActions.SetUp or AuditActions.DeviceCodeTried => $"tried too often to {phrase.Infinitive}{rest}: further attempts are refused for a while",
            "refused" => $"was not allowed to {phrase.Infinitive}{rest}",
            _ => $"tried to {phrase.Infinitive}{rest}",
        };
    }
}
