namespace TraceVault.Capture.Reading;

/// <summary>The rule for ids that clients and providers make up: what breaks it is ignored, for it is shown, stored and compared.</summary>
internal static class WireId
{
    /// <summary>In characters. With the kind before it, an id still fits into a session's key.</summary>
    public const int MaxLength = 190;

    /// <param name="value">A JSON value as it stands.</param>
    /// <returns>Null when it is no string, or breaks the rule.</returns>
    public static string? Read(ReadOnlySpan<byte> value) =>
        value.Length <= MaxLength * 6 ? OrNull(JsonText.Read(value, MaxLength + 1)) : null;

    /// <returns>The id, if it is 1 to 190 characters of printable ASCII without a space.</returns>
    public static string? OrNull(string? id) =>
        id is { Length: > 0 and <= MaxLength } && !id.AsSpan().ContainsAnyExceptInRange('!', '~') ? id : null;
}
