namespace TraceVault.Capture.Reading;

/// <summary>
/// To which trace of its user a request belongs, and who in it speaks. What a client gets wrong is as if it had not been there.
/// </summary>
/// <remarks>
/// In this order: the session that a coding agent names in its own headers, the session of <c>x-session-id</c> or
/// <c>x-session-affinity</c>, the session in the request's metadata. Without any of them <see cref="SessionKey"/> is null, and the
/// recorder goes on with
/// <see cref="RequestFacts.PreviousMessageId"/>, then <see cref="RequestFacts.Conversation"/>.
/// </remarks>
internal sealed record TraceIdentity
{
    /// <summary>The longest project, in characters.</summary>
    public const int MaxProject = 200;

    /// <summary>
    /// Kinds of keys. A coding agent's headers and its metadata name the same session by the same id, and some of its versions send the
    /// metadata alone: those two are one kind.
    /// </summary>
    private const string Code = "code:", Session = "session:";

    /// <summary>The session's id behind the kind of id that it is, at most 200 characters; null when the client names none.</summary>
    public string? SessionKey { get; private init; }

    /// <summary>Null for the main agent.</summary>
    public string? AgentId { get; private init; }

    /// <summary>Null when the main agent spawned this one, or it is the main one itself.</summary>
    public string? ParentAgentId { get; private init; }

    public ClientName Client { get; private init; }

    public string? Project { get; private init; }

    public IReadOnlyDictionary<string, string> Labels { get; private init; } = TraceLabels.None;

    public static TraceIdentity Of(in TraceHeaders headers, RequestFacts facts) => Place(headers, facts) with
    {
        Client = ClientName.Of(headers),
        Project = ProjectOrNull(headers.Project),
        Labels = TraceLabels.Read(headers.Labels),
    };

    private static TraceIdentity Place(in TraceHeaders headers, RequestFacts facts)
    {
        if (WireId.OrNull(headers.CodeSession) is { } session)
        {
            return InCode(session, headers);
        }

        if ((WireId.OrNull(headers.Session) ?? WireId.OrNull(headers.SessionAffinity)) is { } named)
        {
            return InSession(named, WireId.OrNull(headers.ParentSession));
        }

        return facts.SessionId is { } inside ? InCode(inside, headers) : new TraceIdentity();
    }

    private static TraceIdentity InCode(string session, in TraceHeaders headers)
    {
        var agent = WireId.OrNull(headers.CodeAgent);
        return new TraceIdentity
        {
            SessionKey = Code + session,
            AgentId = agent,
            ParentAgentId = agent is null ? null : WireId.OrNull(headers.CodeParentAgent),
        };
    }

    /// <summary>
    /// A child session is an agent of its parent's trace. A child's child names the child: the recorder finds the trace that has an agent
    /// of that id.
    /// </summary>
    private static TraceIdentity InSession(string session, string? parent) => parent is null || parent == session
        ? new TraceIdentity { SessionKey = Session + session }
        : new TraceIdentity { SessionKey = Session + parent, AgentId = session };

    private static string? ProjectOrNull(string? project)
    {
        project = project?.Trim();
        return project is { Length: > 0 and <= MaxProject } && !project.AsSpan().ContainsAnyExceptInRange(' ', '~') ? project : null;
    }
}
