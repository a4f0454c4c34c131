namespace TraceVault.Changes;

/// <summary>
/// The outcome of a step. Only the methods of <see cref="Verdict"/> make one, so that no step keeps what nobody hears of.
/// </summary>
internal readonly struct Verdict<T>
{
    private Verdict(T result, Keeping keeps, AuditEvent? happened = null, ChangeNotice? notice = null) =>
        (Result, Keeps, Happened, Notice) = (result, keeps, happened, notice);

    /// <summary>For the caller.</summary>
    public T Result { get; }

    public Keeping Keeps { get; }

    /// <summary>For the audit log; null for nothing.</summary>
    public AuditEvent? Happened { get; }

    /// <summary>For the <see cref="ChangeFeed"/>; null for nothing.</summary>
    public ChangeNotice? Notice { get; }

    /// <summary>The same verdict with another result.</summary>
    public Verdict<TOther> As<TOther>(Func<T, TOther> convert) => new(convert(Result), Keeps, Happened, Notice);

    /// <inheritdoc cref="Verdict.Nothing"/>
    public static Verdict<T> Nothing(T result) => new(result, Keeping.Nothing);

    /// <inheritdoc cref="Verdict.Done"/>
    public static Verdict<T> Done(T result, ChangeNotice notice, AuditEvent? happened) => new(result, Keeping.All, happened, notice);

    /// <inheritdoc cref="Verdict.Refused"/>
    public static Verdict<T> Refused(T result, AuditEvent attempted) =>
        new(result, Keeping.Event, attempted with { Outcome = AuditOutcome.Refused });

    /// <inheritdoc cref="Verdict.Recorded"/>
    public static Verdict<T> Recorded(T result, AuditEvent happened) => new(result, Keeping.All, happened);
}

/// <summary>What stays of a step.</summary>
internal enum Keeping
{
    Nothing,

    /// <summary>What the verdict says for the audit log, but nothing that the step wrote.</summary>
    Event,
    All,
}

/// <summary>The ways in which a step ends.</summary>
internal static class Verdict
{
    /// <summary>There was nothing to change: what the step wrote is undone.</summary>
    public static Verdict<T> Nothing<T>(T result) => Verdict<T>.Nothing(result);

    /// <summary>The change is made: the audit log says what happened, and whoever keeps something about the subject hears of it.</summary>
    /// <param name="result">For the caller.</param>
    /// <param name="kind">What changed.</param>
    /// <param name="subject">Whose, or which one: see <see cref="ChangeKind"/>.</param>
    /// <param name="happened">For the audit log.</param>
    public static Verdict<T> Done<T>(T result, ChangeKind kind, string subject, AuditEvent happened) =>
        Verdict<T>.Done(result, new ChangeNotice(kind, subject), happened);

    /// <summary>
    /// As <see cref="Done"/>, but without an event in the audit log: for changes that programs make often, such as renewing a token.
    /// </summary>
    public static Verdict<T> DoneUnaudited<T>(T result, ChangeKind kind, string subject) =>
        Verdict<T>.Done(result, new ChangeNotice(kind, subject), null);

    /// <summary>
    /// Somebody tried what they are not allowed to do: what the step wrote is undone, and the audit log says what was tried.
    /// </summary>
    public static Verdict<T> Refused<T>(T result, AuditEvent attempted) => Verdict<T>.Refused(result, attempted);

    /// <summary>
    /// Something happened that is worth a line in the audit log, and what the step wrote matters to nobody but later steps: nobody hears of
    /// it.
    /// </summary>
    public static Verdict<T> Recorded<T>(T result, AuditEvent happened) => Verdict<T>.Recorded(result, happened);
}
