namespace TraceVault.Audit;

internal sealed record AuditAnswer(IEnumerable<AuditEventAnswer> Events, string? Next);

internal sealed record AuditEventAnswer(
    string Id,
    DateTime At,
    string Action,
    string Outcome,
    AuditedUser Actor,
    AuditedUser Subject,
    string? Target,
    string? Client,
    string? Address);

/// <param name="Id">Null for somebody who was not signed in, or is unknown.</param>
/// <param name="Email">The address at the time.</param>
internal sealed record AuditedUser(string? Id, string? Email);

/// <summary>The audit log over JSON.</summary>
internal static class AuditEndpoint
{
    public static async Task<IResult> GetAsync(AuditQuery query, AuditReader reader, CancellationToken cancel)
    {
        var problems = new Dictionary<string, string>();
        if (AuditFilter.Read(query, problems) is not { } filter)
        {
            return TypedResults.ValidationProblem(
                problems.ToDictionary(each => each.Key, each => new[] { each.Value }), detail: problems.Values.First());
        }

        var (events, next) = await reader.ReadAsync(filter, cancel);
        return TypedResults.Json(new AuditAnswer(events.Select(Answer), next));
    }

    private static AuditEventAnswer Answer(AuditEntry entry) => new(
        entry.Id,
        entry.Time,
        entry.Action,
        entry.Outcome,
        new AuditedUser(entry.ActorId, entry.ActorEmail),
        new AuditedUser(entry.SubjectId, entry.SubjectEmail),
        entry.Target,
        entry.Client,
        entry.Address);
}
