namespace TraceVault.Changes;

/// <summary>The outcome of a step.</summary>
/// <param name="Result">For the caller.</param>
/// <param name="IsKept">Whether the transaction is committed.</param>
/// <param name="Happened">For the audit log; null for nothing.</param>
/// <param name="Notice">For the <see cref="ChangeFeed"/>; null for nothing.</param>
internal readonly record struct Verdict<T>(T Result, bool IsKept, AuditEvent? Happened = null, ChangeNotice? Notice = null)
{
    /// <summary>The same verdict with another result.</summary>
    public Verdict<TOther> As<TOther>(Func<T, TOther> convert) => new(convert(Result), IsKept, Happened, Notice);
}

/// <summary>The ways in which a step ends.</summary>
internal static class Verdict
{
    /// <summary>There was nothing to change: what the step wrote is undone.</summary>
    public static Verdict<T> Nothing<T>(T result) => new(result, IsKept: false);

    /// <summary>The change is made: the audit log says what happened, and whoever keeps something about the subject hears of it.</summary>
    /// <param name="result">For the caller.</param>
    /// <param name="kind">What changed.</param>
    /// <param name="subject">Whose, or which one: see <see cref="ChangeKind"/>.</param>
    /// <param name="happened">For the audit log.</param>
    public static Verdict<T> Done<T>(T result, ChangeKind kind, string subject, AuditEvent happened) =>
        new(result, IsKept: true, happened, new ChangeNotice(kind, subject));

    /// <summary>
    /// As <see cref="Done"/>, for what happens too often, and by itself, to be in the audit log: a client that renews its token.
    /// </summary>
    public static Verdict<T> DoneUnaudited<T>(T result, ChangeKind kind, string subject) =>
        new(result, IsKept: true, Notice: new ChangeNotice(kind, subject));

    /// <summary>Somebody tried what they are not allowed to do: nothing changed, and the audit log says so.</summary>
    public static Verdict<T> Refused<T>(T result, AuditEvent attempted) =>
        Recorded(result, attempted with { Outcome = AuditOutcome.Refused });

    /// <summary>Something happened that is worth a line in the audit log and that nobody else has to hear of.</summary>
    public static Verdict<T> Recorded<T>(T result, AuditEvent happened) => new(result, IsKept: true, happened);
}
