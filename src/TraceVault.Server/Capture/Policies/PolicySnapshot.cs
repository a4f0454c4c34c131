namespace TraceVault.Capture.Policies;

/// <summary>The policy and all choices as they were at one moment. Nothing in it changes, so that it is read without a lock.</summary>
/// <param name="version">The number of the change after which it was read; 0 before any.</param>
/// <param name="policy">The policy.</param>
/// <param name="choices">What users chose, by their ids. It may hold users who were removed.</param>
internal sealed class PolicySnapshot(long version, CapturePolicy policy, Dictionary<string, CaptureMode> choices)
{
    /// <summary>Before the first look into the database: nothing is recorded that nobody has allowed.</summary>
    public static readonly PolicySnapshot Unknown = new(0, CapturePolicy.Nothing, []);

    public long Version => version;

    public CapturePolicy Policy => policy;

    /// <returns>Null when the user chose nothing.</returns>
    public CaptureMode? ChoiceOf(string userId) => choices.TryGetValue(userId, out var chosen) ? chosen : null;

    public CaptureMode ModeOf(string userId) => policy.ModeFor(ChoiceOf(userId));
}
