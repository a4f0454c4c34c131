namespace TraceVault.Gateway;

/// <summary>How an exchange ended: the log's word, the metric's label and what becomes of the connection all follow from it.</summary>
/// <param name="Error">The answer, where we refuse; otherwise null.</param>
internal readonly record struct Ending(EndingKind Kind, GatewayError? Error = null)
{
    public static readonly Ending
        Answered = new(EndingKind.Answered),
        ClientLeft = new(EndingKind.ClientLeft),
        ClientSilent = new(EndingKind.ClientSilent),
        UpstreamDied = new(EndingKind.UpstreamDied),
        UpstreamSilent = new(EndingKind.UpstreamSilent),
        Cut = new(EndingKind.Cut);

    /// <summary>What the log calls it.</summary>
    public string Word => Consequences.Word;

    /// <summary>Who made the error, for the metrics.</summary>
    public string Origin => Consequences.Origin;

    public Closing Closing => Consequences.Closing;

    private (string Word, string Origin, Closing Closing) Consequences => Kind switch
    {
        EndingKind.Answered => ("ok", "none", Closing.Complete),
        EndingKind.Refused => (Error!.Code, "tracevault", Closing.WithError),
        EndingKind.ClientLeft or EndingKind.ClientSilent => ("client_left", "client", Closing.Abort),
        EndingKind.UpstreamDied or EndingKind.UpstreamSilent => ("upstream_died", "upstream", Closing.CutShort),
        EndingKind.Cut => ("cut", "tracevault", Closing.Abort),
        _ => throw new InvalidOperationException($"{Kind} has no consequences."),
    };

    /// <summary>We answer instead of the upstream.</summary>
    public static Ending Refused(GatewayError error) => new(EndingKind.Refused, error);
}

internal enum EndingKind
{
    /// <summary>The answer is whole, whoever's it is and whatever its status says.</summary>
    Answered,

    /// <summary>An error of ours.</summary>
    Refused,

    /// <summary>The client closed its connection, or its side broke.</summary>
    ClientLeft,

    /// <summary>The client neither sent what it had announced nor took what it was sent, for too long.</summary>
    ClientSilent,

    /// <summary>The upstream's connection ended within its answer.</summary>
    UpstreamDied,

    /// <summary>Nothing more of an answer that had begun came for too long.</summary>
    UpstreamSilent,

    /// <summary>We broke it off: the server stopped and waited no longer, or the token that it ran under ended.</summary>
    Cut,
}

/// <summary>What becomes of the client's connection.</summary>
internal enum Closing
{
    /// <summary>Nothing is left to do.</summary>
    Complete,

    /// <summary>Our error is sent. It was too late for that if an answer has begun: then as <see cref="Abort"/>.</summary>
    WithError,

    /// <summary>The connection is reset.</summary>
    Abort,

    /// <summary>
    /// What there is of the answer arrives, and that it is not whole shows. Where the framing does not show it, as <see cref="Abort"/>.
    /// </summary>
    CutShort,
}
