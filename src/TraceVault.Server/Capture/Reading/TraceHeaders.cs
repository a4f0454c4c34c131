namespace TraceVault.Capture.Reading;

/// <summary>The headers of a request that say who sent it, as they came; null when they did not.</summary>
internal readonly record struct TraceHeaders
{
    /// <summary><c>x-claude-code-session-id</c></summary>
    public string? CodeSession { get; init; }

    /// <summary><c>x-claude-code-agent-id</c>: only spawned agents send it.</summary>
    public string? CodeAgent { get; init; }

    /// <summary><c>x-claude-code-parent-agent-id</c>: only agents that another agent spawned send it.</summary>
    public string? CodeParentAgent { get; init; }

    /// <summary><c>x-session-id</c></summary>
    public string? Session { get; init; }

    /// <summary><c>x-session-affinity</c></summary>
    public string? SessionAffinity { get; init; }

    /// <summary><c>x-parent-session-id</c></summary>
    public string? ParentSession { get; init; }

    /// <summary><c>user-agent</c></summary>
    public string? UserAgent { get; init; }

    /// <summary><c>x-app</c></summary>
    public string? App { get; init; }

    /// <summary><c>x-stainless-lang</c>: the language of an SDK.</summary>
    public string? SdkLanguage { get; init; }

    /// <summary><c>x-stainless-package-version</c></summary>
    public string? SdkVersion { get; init; }

    /// <summary><c>x-tracevault-project</c></summary>
    public string? Project { get; init; }

    /// <summary><c>x-tracevault-labels</c></summary>
    public string? Labels { get; init; }
}
