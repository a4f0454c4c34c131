namespace TraceVault.Capture.Reading;

/// <summary>What an answer says about itself. Null is what it does not say, or what could not be read. The texts can be shown.</summary>
internal sealed record AnswerFacts
{
    /// <summary>The longest texts that are kept, in characters.</summary>
    public const int MaxModel = 200, MaxStopReason = 100, MaxErrorType = 100;

    /// <summary>The longest <see cref="Usage"/>, in bytes.</summary>
    public const int MaxUsage = 16 << 10;

    public string? MessageId { get; init; }

    /// <summary>The model that answered, which need not be the one that was asked.</summary>
    public string? Model { get; init; }

    public string? StopReason { get; init; }

    public string? ErrorType { get; init; }

    /// <summary>
    /// A JSON object, whole and well-formed: what the answer stated, or in a stream <c>message_start</c>'s with each field that a later
    /// <c>message_delta</c> states in its place. Null exactly when <see cref="UsageSource"/> is absent.
    /// </summary>
    public string? Usage { get; init; }

    public UsageSource UsageSource { get; init; }

    /// <summary>The answer states a usage that is larger than is kept.</summary>
    public bool IsUsageTooLarge { get; init; }

    public bool IsStream { get; init; }

    /// <summary>The status is one of an error, or the body is, or an error came within the stream.</summary>
    public bool HasError { get; init; }

    /// <summary>The answer came to its own end: <c>message_stop</c>, or all of the JSON.</summary>
    public bool HasEnd { get; init; }
}
