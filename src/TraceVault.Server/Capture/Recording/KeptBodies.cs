using TraceVault.Capture.Parts;

namespace TraceVault.Capture.Recording;

/// <summary>Gives recorded bodies back.</summary>
internal sealed class KeptBodies(PartReader parts, TraceKeys keys)
{
    /// <returns>Null when the content was erased: its key or its part is gone.</returns>
    /// <exception cref="DamagedFrameException">The part is damaged.</exception>
    public async Task<KeptBody?> ReadAsync(string traceId, Place place, CancellationToken cancel)
    {
        if (await keys.FindAsync(Guid.Parse(traceId), cancel) is not { } key)
        {
            return null;
        }

        try
        {
            return KeptBody.Of(await parts.ReadAsync(place, key, cancel));
        }
        catch (PartGoneException)
        {
            return null;
        }
    }
}
