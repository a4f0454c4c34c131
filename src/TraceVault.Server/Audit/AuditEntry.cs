namespace TraceVault.Audit;

/// <summary>An event as the log holds it.</summary>
public sealed record AuditEntry(
    string Id,
    DateTimeOffset At,
    string Action,
    string Outcome,
    string? ActorId,
    string? ActorEmail,
    string? SubjectId,
    string? SubjectEmail,
    string? Target,
    string? Client,
    string? Address)
{
    public DateTime Time => At.UtcDateTime;
}
