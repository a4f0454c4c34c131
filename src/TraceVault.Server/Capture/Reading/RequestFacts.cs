namespace TraceVault.Capture.Reading;

/// <summary>
/// What a request says about itself at the top level of its JSON. Null is what it does not say, or what could not be read. Of a field that
/// stands twice the last one counts, as in every JSON library that clients and providers use.
/// </summary>
internal sealed record RequestFacts
{
    /// <summary>The longest model name that is kept, in characters.</summary>
    public const int MaxModel = 200;

    public static readonly RequestFacts None = new();

    public string? Model { get; init; }

    public bool? Stream { get; init; }

    public int? MaxTokens { get; init; }

    /// <summary>From <c>metadata.user_id</c>; printable ASCII.</summary>
    public string? SessionId { get; init; }

    /// <summary>The id of the answer that this request goes on from, <c>thread.</c> or <c>diagnostics.previous_message_id</c>.</summary>
    public string? PreviousMessageId { get; init; }

    public bool HasTools { get; init; }

    /// <summary>How many messages stand in the request.</summary>
    public int Messages { get; init; }

    /// <summary>
    /// A hash of the body without its top-level <c>stream</c> field: equal for a repetition and for the same request asked again without a
    /// stream. 0 when it was not asked for.
    /// </summary>
    public ulong BodyHash { get; init; }

    /// <summary>Null when it was not asked for, or there are no messages.</summary>
    public Conversation? Conversation { get; init; }

    /// <summary>The JSON was read to its end. Not so when it is cut, and not when reading stopped at what was asked for.</summary>
    public bool IsWhole { get; init; }
}
