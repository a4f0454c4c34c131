namespace TraceVault.Gateway;

/// <summary>How an exchange ended: the log's word, the metric's label and what becomes of the connection all follow from it.</summary>
internal readonly struct Ending
{
    public static readonly Ending
        Answered = new(EndingKind.Answered),
        UpstreamDied = new(EndingKind.UpstreamDied),
        UpstreamSilent = new(EndingKind.UpstreamSilent),
        Cut = new(EndingKind.Cut);

    private Ending(EndingKind kind, GatewayError? error = null) => (Kind, Error) = (kind, error);

    public EndingKind Kind { get; }

    /// <summary>Our answer when we refuse a request; otherwise null.</summary>
    public GatewayError? Error { get; }

    /// <summary>The word for it in the log.</summary>
    public string Word => Consequences.Word;

    /// <summary>Who made the error, for the metrics.</summary>
    public string Origin => Consequences.Origin;

    private (string Word, string Origin, Closing Closing) Consequences => Kind switch
    {
        EndingKind.Answered => ("ok", "none", Closing.Complete),
        EndingKind.AnsweredWithError => ("ok", "upstream", Closing.Complete),
        EndingKind.Refused => (Error!.Code, "tracevault", Closing.WithError),
        EndingKind.ClientLeft or EndingKind.ClientSilent => ("client_left", "client", Closing.Abort),
        EndingKind.UpstreamDied or EndingKind.UpstreamSilent => ("upstream_died", "upstream", Closing.CutShort),
        EndingKind.Cut => ("cut", "tracevault", Closing.Abort),
        _ => throw new InvalidOperationException($"{Kind} has no consequences."),
    };

    /// <summary>The upstream's answer arrived whole.</summary>
    /// <param name="status">Of that answer.</param>
    public static Ending Of(int status) => status < 400 ? Answered : new(EndingKind.AnsweredWithError);

    /// <summary>We answer with an error instead of the upstream.</summary>
    public static Ending Refused(GatewayError error) => new(EndingKind.Refused, error);

    /// <summary>The client's side ended.</summary>
    /// <param name="byUs">Whether that is our doing: the server stops, or the exchange was broken off.</param>
    /// <param name="isSilent">Whether the client is still there, but silent for too long.</param>
    public static Ending OfClient(bool byUs, bool isSilent = false) =>
        byUs ? Cut : new(isSilent ? EndingKind.ClientSilent : EndingKind.ClientLeft);

    /// <summary>
    /// What becomes of the client's connection, so that half an answer never looks whole: what has begun is not followed by an error, and
    /// is cut short only where the client can see that.
    /// </summary>
    public Closing ClosingOf(Exchange exchange) => Consequences.Closing switch
    {
        Closing.WithError when exchange.HasAnswerBegun => Closing.Abort,
        Closing.CutShort when !exchange.CanBeCutShort => Closing.Abort,
        var closing => closing,
    };
}

internal enum EndingKind
{
    /// <summary>The exchange has not ended.</summary>
    None,

    /// <summary>The answer is whole, and it is no error of the upstream's.</summary>
    Answered,

    /// <summary>The answer is whole, and it is the upstream's error.</summary>
    AnsweredWithError,

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

    /// <summary>Our error is sent.</summary>
    WithError,

    /// <summary>The connection is reset.</summary>
    Abort,

    /// <summary>What there is of the answer is sent, and the client sees that it is not whole.</summary>
    CutShort,
}
