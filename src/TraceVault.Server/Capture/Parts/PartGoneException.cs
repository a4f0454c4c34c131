namespace TraceVault.Capture.Parts;

/// <summary>A part does not exist, or ends before what is known to have been written.</summary>
internal sealed class PartGoneException(Guid part) : Exception($"The part {part} is gone, or shorter than it was.")
{
    public Guid Part { get; } = part;
}
