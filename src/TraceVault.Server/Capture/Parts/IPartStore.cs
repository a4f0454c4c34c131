namespace TraceVault.Capture.Parts;

/// <summary>Where parts are: files that grow at their end until they are closed, by whatever means they are kept.</summary>
internal interface IPartStore
{
    /// <summary>
    /// Writes at the end. What the part holds from there on is the rest of a step that was not finished, and is replaced.
    /// </summary>
    /// <param name="part">Its id; the part begins to exist with its first bytes.</param>
    /// <param name="offset">How long the part is so far, as its writer knows.</param>
    /// <param name="bytes">What follows.</param>
    /// <param name="cancel">Has an effect before anything is written.</param>
    /// <exception cref="PartGoneException">The part is shorter than that: it was deleted or cut.</exception>
    Task AppendAsync(Guid part, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancel);

    /// <returns>How many bytes were read: fewer than asked for where the part ends.</returns>
    /// <exception cref="PartGoneException">There is no such part.</exception>
    Task<int> ReadAsync(Guid part, long offset, Memory<byte> into, CancellationToken cancel);

    /// <summary>Does nothing when there is no such part.</summary>
    Task DeleteAsync(Guid part, CancellationToken cancel);

    Task<bool> ExistsAsync(Guid part, CancellationToken cancel);
}
