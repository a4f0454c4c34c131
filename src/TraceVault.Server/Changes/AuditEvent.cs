using TraceVault.Identity;

namespace TraceVault.Changes;

/// <summary>Something that happened. It never holds a secret or a part of one.</summary>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="SubjectId">The user whose account, key, token or session it was; null when the given name belongs to nobody.</param>
/// <param name="SubjectEmail">Their address at the time, or as it was typed.</param>
/// <param name="Target">What it was done to or with: a session's id, a token's name, a role.</param>
/// <param name="Outcome">Whether it was done.</param>
internal sealed record AuditEvent(
    string Action, Actor Actor, string? SubjectId, string? SubjectEmail, string? Target = null, AuditOutcome Outcome = AuditOutcome.Done)
{
    /// <summary>Something that users do to their own account, key, token or session.</summary>
    public static AuditEvent Own(string action, Actor actor, string? target = null) =>
        new(action, actor, actor.UserId, actor.Email, target);
}

internal enum AuditOutcome
{
    Done,

    /// <summary>A wrong password, an unknown address, a wrong code.</summary>
    Failed,

    /// <summary>Not even tried: too many attempts, or not allowed.</summary>
    Refused,
}
