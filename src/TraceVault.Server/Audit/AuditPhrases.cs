using System.Text.RegularExpressions;
using TraceVault.Changes;

namespace TraceVault.Audit;

/// <summary>Says in words what happened, to follow the name of the person who did it.</summary>
internal static partial class AuditPhrases
{
    /// <param name="Name">The action's name among the filters.</param>
    /// <param name="Past">What was done.</param>
    /// <param name="Infinitive">What was tried.</param>
    /// <param name="Rest">
    /// May hold {subject} and {target}; {of} says whose it was, if it was somebody else's; {as} says as whom; {others} and {count} put a
    /// target that is a number into words, {key} and {thekey} one that is a provider.
    /// </param>
    private sealed record Phrase(string Name, string Past, string Infinitive, string Rest = "");

    private static readonly Dictionary<string, Phrase> Phrases = new()
    {
        [AuditActions.SetUp] = new("Server set up", "set up", "set up", " this server"),
        [AuditActions.SignIn] = new("Signed in", "signed in", "sign in", "{as}"),
        [AuditActions.SignOut] = new("Signed out", "signed out", "sign out"),
        [AuditActions.SessionEnded] = new("Session ended", "ended", "end", " a session{of}"),
        [AuditActions.OtherSessionsEnded] = new("Other sessions ended", "ended", "end", " {others}{of}"),
        [AuditActions.AllSessionsEnded] = new("All sessions ended", "ended", "end", " all sessions{of}{count}"),
        [AuditActions.RefreshReused] = new(
            "Refresh token shown twice", "showed", "show", " a refresh token a second time, which ended the session{of}"),
        [AuditActions.RefreshRefused] = new(
            "Old refresh token refused", "showed", "show", " an old refresh token{of} and was refused; the session continues"),
        [AuditActions.KeySet] = new("Key stored", "stored", "store", " {key}{of}"),
        [AuditActions.KeyReplaced] = new("Key replaced", "replaced", "replace", " {thekey}{of}"),
        [AuditActions.KeyRemoved] = new("Key removed", "removed", "remove", " {thekey}{of}"),
        [AuditActions.KeyCapChanged] = new("Cap on requests changed", "changed", "change", " the cap on requests at once{of} to {target}"),
        [AuditActions.TokenCreated] = new("Token created", "created", "create", " the proxy token “{target}”{of}"),
        [AuditActions.TokenRevoked] = new("Token revoked", "revoked", "revoke", " the proxy token “{target}”{of}"),
        [AuditActions.DeviceApproved] = new("Device approved", "approved", "approve", " a sign-in by device code"),
        [AuditActions.DeviceCodeTried] = new("Device code tried", "found", "find", " a device by its code"),
        [AuditActions.DeviceRefused] = new("Device refused", "refused", "refuse", " a sign-in by device code"),
        [AuditActions.DeviceWithdrawn] = new("Device gave up", "withdrew", "withdraw", " an approved sign-in by device code{of}"),
        [AuditActions.DeviceCodeReused] = new(
            "Device code shown twice", "showed", "show", " a device code a second time, which ended the session{of}"),
        [AuditActions.Invited] = new("Member invited", "invited", "invite", " {subject}"),
        [AuditActions.InviteAccepted] = new("Member joined", "joined", "join", " by invitation"),
        [AuditActions.InviteWithdrawn] = new("Invitation withdrawn", "withdrew", "withdraw", " the invitation of {subject}"),
        [AuditActions.RoleChanged] = new("Role changed", "changed", "change", " the role of {subject} to {target}"),
        [AuditActions.Disabled] = new("Account disabled", "disabled", "disable", " {subject}"),
        [AuditActions.Enabled] = new("Account enabled", "enabled", "enable", " {subject} again"),
        [AuditActions.Removed] = new("Account removed", "removed", "remove", " {subject}"),
        [AuditActions.ResetIssued] = new("Reset link created", "issued", "issue", " a password link for {subject}"),
        [AuditActions.ResetWithdrawn] = new("Reset link withdrawn", "withdrew", "withdraw", " the password link for {subject}"),
        [AuditActions.PasswordReset] = new("Password reset", "reset", "reset", " the password{of}"),
        [AuditActions.PasswordChanged] = new("Password changed", "changed", "change", " the password{of}"),
        [AuditActions.CapturePolicyChanged] = new(
            "Recording policy changed", "changed", "change", " what this server records: {target}"),
        [AuditActions.TraceErased] = new("Trace erased", "erased", "erase", " the recorded content of a trace{of}"),
        [AuditActions.TracesErased] = new("All traces erased", "erased", "erase", " all recorded content{of}"),
        [AuditActions.CaptureChoiceChanged] = new(
            "Own recording chosen", "chose", "choose", " what is recorded of their requests: {target}"),
    };

    public static IEnumerable<string> Actions => Phrases.Keys;

    private static readonly Dictionary<string, string> AreaNames = new()
    {
        ["server."] = "The server",
        ["session."] = "Sign-ins and sessions",
        ["key."] = "Provider keys",
        ["token."] = "Proxy tokens",
        ["device."] = "Devices",
        ["member."] = "Members",
        ["password."] = "Passwords",
        ["capture."] = "Recording",
        ["trace."] = "Recorded traces",
    };

    /// <summary>The name of an action or an area among the filters.</summary>
    public static string Name(string actionOrArea) => AreaNames.GetValueOrDefault(actionOrArea) ?? Phrases[actionOrArea].Name;

    /// <summary>The beginnings of actions, each up to and including the dot.</summary>
    public static IEnumerable<string> Areas =>
        Phrases.Keys.Select(action => action[..(action.IndexOf('.', StringComparison.Ordinal) + 1)]).Distinct();

    public static bool Knows(string actionOrArea) => Phrases.ContainsKey(actionOrArea) || Areas.Contains(actionOrArea);

    public static string Who(AuditEntry entry) => entry switch
    {
        { ActorEmail: { } email } => email,
        { Address: null } => "The operator",
        _ => "Somebody not signed in",
    };

    /// <param name="providers">The names of the providers for people, by the names that the log has for them.</param>
    public static string What(AuditEntry entry, IReadOnlyDictionary<string, string> providers)
    {
        if (!Phrases.TryGetValue(entry.Action, out var phrase))
        {
            return entry.Action; // written by a newer server on the same database
        }

        // In one pass, because what users typed may look like a slot.
        var rest = Slot().Replace(phrase.Rest, slot => Fill(slot.Value, entry, providers));
        return entry.Outcome switch
        {
            "done" => phrase.Past + rest,
            "refused" when entry.Action is AuditActions.SignIn or AuditActions.SetUp or AuditActions.DeviceCodeTried =>
                $"tried too often to {phrase.Infinitive}{rest}: further attempts are refused for a while",
            "refused" => $"was not allowed to {phrase.Infinitive}{rest}",
            _ => $"tried to {phrase.Infinitive}{rest}",
        };
    }

    private static string Fill(string slot, AuditEntry entry, IReadOnlyDictionary<string, string> providers) => slot switch
    {
        "{target}" => entry.Target ?? "",
        "{subject}" => entry.SubjectEmail ?? "somebody",
        "{others}" => entry.Target == "1" ? "1 other session" : $"{entry.Target ?? "all"} other sessions",
        "{count}" => entry.Target is null ? "" : $", {entry.Target} in all",
        "{of}" => entry.SubjectId == entry.ActorId ? "" : $" of {entry.SubjectEmail ?? "somebody"}",
        "{as}" => entry.ActorId is not null ? "" : $" as {entry.SubjectEmail ?? "an unknown user"}",
        "{key}" => ProviderOf(entry, providers) is { } name ? $"{("AEIOU".Contains(name[0]) ? "an" : "a")} {name} key" : "a key",
        "{thekey}" => ProviderOf(entry, providers) is { } name ? $"the {name} key" : "all keys",
        _ => slot,
    };

    /// <returns>Null when the event is not about a single provider. One that this server does not know is named as in the log.</returns>
    private static string? ProviderOf(AuditEntry entry, IReadOnlyDictionary<string, string> providers) =>
        entry.Target is { Length: > 0 } provider ? providers.GetValueOrDefault(provider, provider) : null;

    [GeneratedRegex("\\{[a-z]+\\}")]
    private static partial Regex Slot();
}
