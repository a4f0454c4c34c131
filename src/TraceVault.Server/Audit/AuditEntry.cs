using TraceVault.Storage;

namespace TraceVault.Audit;

/// <summary>An event as the log holds it; <paramref name="At"/> is in Unix milliseconds.</summary>
public sealed record AuditEntry(
    string Id,
    long At,
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
    public DateTime Time => UnixTime.ToUtc(At);
}
