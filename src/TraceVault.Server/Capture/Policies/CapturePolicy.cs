namespace TraceVault.Capture.Policies;

/// <summary>What this server records of everybody's requests, and what each of them may choose instead.</summary>
/// <param name="Mode">What is kept where nobody chose otherwise.</param>
/// <param name="MembersMay">What each user may choose.</param>
/// <param name="ContentDays">For how many days bodies are kept; 1 to <see cref="MaxDays"/>.</param>
/// <param name="UsageDays">The same for everything else.</param>
/// <param name="OthersContent">Whether an owner may read somebody else's content.</param>
public sealed record CapturePolicy(
    CaptureMode Mode, MembersMay MembersMay, int ContentDays, int UsageDays, OthersContent OthersContent)
{
    public const int MaxDays = 3650;

    /// <summary>Keeps nothing and lets nobody keep anything: what holds while no policy is known.</summary>
    public static readonly CapturePolicy Nothing = new(CaptureMode.Off, MembersMay.Nothing, 1, 1, OthersContent.Never);

    /// <summary>What is in force for somebody. A choice that is not allowed has no effect.</summary>
    /// <param name="choice">Null: they chose nothing.</param>
    public CaptureMode ModeFor(CaptureMode? choice) => choice is { } chosen && Allows(chosen) ? chosen : Mode;

    /// <summary>Whether somebody may choose this mode. That of the policy itself is always allowed.</summary>
    public bool Allows(CaptureMode choice) => choice == Mode || MembersMay switch
    {
        MembersMay.Both => true,
        MembersMay.Less => choice < Mode,
        MembersMay.More => choice > Mode,
        _ => false,
    };
}
