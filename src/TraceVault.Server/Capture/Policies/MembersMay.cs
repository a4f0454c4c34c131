namespace TraceVault.Capture.Policies;

/// <summary>What everybody may choose for themselves, compared with the mode of the policy. Owners are bound too.</summary>
public enum MembersMay
{
    Nothing,

    /// <summary>A mode that keeps less.</summary>
    Less,

    /// <summary>A mode that keeps more.</summary>
    More,
    Both,
}
