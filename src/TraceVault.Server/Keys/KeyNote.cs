namespace TraceVault.Keys;

/// <summary>What an answer of Anthropic's said of the key that asked.</summary>
/// <param name="Id">Of the key's row.</param>
internal sealed record KeyNote(string Id, bool Works, DateTimeOffset At)
{
    /// <returns>Null when an answer of this status says nothing of the key: Anthropic refuses one it does not know with 401, before it
    /// looks at anything else.</returns>
    public static bool? Of(int? status) => status switch
    {
        StatusCodes.Status401Unauthorized => false,
        >= 200 and < 300 => true,
        _ => null,
    };
}
