namespace TraceVault.Capture.Reading;

/// <summary>Looks up one member of an object.</summary>
internal static class JsonMember
{
    /// <returns>The value as it stands, the last one if there are several; empty when there is none or this is no whole object.</returns>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted)
    {
        var cursor = new JsonCursor(json);
        ReadOnlySpan<byte> found = default;
        if (cursor.Enter('{'))
        {
            while (cursor.NextMember(out var name) && cursor.TakeValue(out var value))
            {
                found = name.Is(wanted) ? value : found;
            }
        }

        return cursor.IsBroken ? default : found;
    }
}
