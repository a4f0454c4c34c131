namespace TraceVault.Keys;

/// <summary>What a provider's answer said about the key that the request was sent with.</summary>
/// <param name="Id">The id of the key's row.</param>
internal sealed record KeyNote(string Id, bool Works, DateTimeOffset At);
