namespace TraceVault.Capture.Parts;

/// <summary>Where a frame is stored.</summary>
/// <param name="Part">The id of its part.</param>
/// <param name="Offset">Of its first byte in the part.</param>
/// <param name="Length">Of the whole frame, head included, in bytes.</param>
internal readonly record struct Place(Guid Part, long Offset, int Length);
