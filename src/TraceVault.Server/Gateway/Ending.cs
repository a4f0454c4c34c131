namespace TraceVault.Gateway;

/// <summary>How an exchange ended: the log's word, the metric's label and what becomes of the connection all follow from it.</summary>
/// <param name="Error">Our answer when we refuse a request; otherwise null.</param>
internal readonly record struct Ending(EndingKind Kind, GatewayError? Error = null)
{
    public static readonly Ending
        Answered = new(EndingKind.Answered),
        ClientLeft = new(EndingKind.ClientLeft),
        ClientSilent = new(EndingKind.ClientSilent),
        UpstreamDied = new(EndingKind.UpstreamDied),
        UpstreamSilent = new(EndingKind.UpstreamSilent),
        Cut = new(EndingKind.Cut);

    /// <summary>The word for it in the log.</summary>
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

    /// <summary>We answer with an error instead of the upstream.</summary>
    public static Ending Refused(GatewayError error) => new(EndingKind.Refused, error);
}

internal enum EndingKind
{
    /// <summary>The answer is whole, whoever gave it and whatever its status.</summary>
    Answered,

    /// <summary>We answered with an error of our own.</summary>
    Refused,

    /// <summary>The client closed its connection, or its side broke.</summary>
    ClientLeft,

    /// <summary>For too long, the client did not send what it had announced, or did not take what it was sent.</summary>
    ClientSilent,

    /// <summary>The upstream's connection ended in the middle of its answer.</summary>
    UpstreamDied,

    /// <summary>An answer had begun, but for too long nothing more of it came.</summary>
    UpstreamSilent,

    /// <summary>We broke the exchange off: the server stopped and waited no longer, or the exchange's token was ended.</summary>
    Cut,
}

/// <summary>What becomes of the client's connection.</summary>
internal enum Closing
{
    /// <summary>Nothing is left to do.</summary>
    Complete,

    /// <summary>Our error is sent. If an answer has already begun, the same as <see cref="Abort"/>.</summary>
    WithError,

    /// <summary>The connection is reset.</summary>
    Abort,

    /// <summary>
    /// What there is of the answer is sent, and the client sees that it is not whole. Where the framing cannot show that, the same as
    /// <see cref="Abort"/>.
    /// </summary>
    CutShort,
}
