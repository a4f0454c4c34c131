namespace TraceVault.Capture.Reading;

/// <summary>What is to be read of a request: each costs another pass over the body, or a part of one.</summary>
[Flags]
internal enum RequestWanted
{
    /// <summary>The model alone: for when headers say the rest. It mostly stands first, and reading stops there.</summary>
    Head = 1,

    /// <summary>All top-level facts: skips to the end of the body.</summary>
    Facts = 2,

    /// <summary>Facts, and <see cref="RequestFacts.Conversation"/>.</summary>
    Conversation = Facts | 4,

    /// <summary>Facts, and <see cref="RequestFacts.BodyHash"/>.</summary>
    BodyHash = Facts | 8,

    All = Conversation | BodyHash,
}
