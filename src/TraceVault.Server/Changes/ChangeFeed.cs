namespace TraceVault.Changes;

/// <summary>What a change is about: tells whoever keeps something in memory whether the change concerns them.</summary>
internal enum ChangeKind
{
    /// <summary>What somebody signs in and calls with: sessions, tokens. Subject: the user's id.</summary>
    Access,

    /// <summary>Somebody's stored key, or their cap. Subject: the user's id.</summary>
    Key,

    /// <summary>An account: made, disabled, enabled, removed, with another role or password. Subject: the user's id.</summary>
    Member,

    /// <summary>An invite. Subject: its id.</summary>
    Invite,

    /// <summary>What is recorded. Subject: the id of the user who chose, or <c>policy</c>.</summary>
    Capture,

    /// <summary>Content that was erased. Subject: the id of a trace, or that of the user all of whose content it was.</summary>
    Erasure,
}

/// <param name="Kind">What the change is about.</param>
/// <param name="Subject">Whose, or which one: see <see cref="ChangeKind"/>.</param>
internal readonly record struct ChangeNotice(ChangeKind Kind, string Subject)
{
    /// <summary>The user whose account, access or key it concerns; null when it concerns none of these.</summary>
    public string? UserId => Kind is ChangeKind.Invite or ChangeKind.Capture or ChangeKind.Erasure ? null : Subject;
}

/// <summary>
/// The one place that is told of every change. Whoever keeps something in memory that a change may outdate subscribes here.
/// </summary>
/// <remarks>
/// It is told after the commit, even if it is unknown whether the commit succeeded. Within this process a change holds from the next
/// request on.
/// </remarks>
internal sealed class ChangeFeed
{
    public event Action<ChangeNotice>? Changed;

    public void Tell(ChangeNotice notice) => Changed?.Invoke(notice);
}
