namespace TraceVault.Keys;

/// <summary>What an answer of Anthropic's said about the key that the request was sent with.</summary>
/// <param name="Id">The id of the key's row.</param>
internal sealed record KeyNote(string Id, bool Works, DateTimeOffset At)
{
    /// <returns>
    /// Null when an answer with this status says nothing about the key. Anthropic refuses an unknown key with 401, before it looks at
    /// anything else.
    /// </returns>
    public static bool? Of(int? status) => status switch
    {
        StatusCodes.Status401Unauthorized => false,
        >= 200 and < 300 => true,
        _ => null,
    };
}
