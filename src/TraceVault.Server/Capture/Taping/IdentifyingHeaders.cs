using TraceVault.Capture.Reading;

namespace TraceVault.Capture.Taping;

/// <summary>
/// The headers of a request that say which client, session and agent it comes from. No other header is kept, and no credential is among
/// them.
/// </summary>
internal sealed class IdentifyingHeaders
{
    /// <summary>In the order in which the spool holds them: a new name goes to the end.</summary>
    public static readonly string[] Names =
    [
        "x-claude-code-session-id",
        "x-claude-code-agent-id",
        "x-claude-code-parent-agent-id",
        "x-session-id",
        "x-session-affinity",
        "x-parent-session-id",
        "x-tracevault-project",
        "x-tracevault-labels",
        "user-agent",
        "x-app",
        "x-stainless-lang",
        "x-stainless-package-version",
        "content-type",
        "content-encoding",
    ];

    /// <summary>Of a value, in characters. A longer one is left out: it identifies nothing that we know.</summary>
    private const int MaxLength = 200;

    private readonly string?[] _values;

    private IdentifyingHeaders(string?[] values) => _values = values;

    public string? this[string name] => _values[Array.IndexOf(Names, name)];

    /// <summary>As lines <c>name: value</c> that end in a line feed.</summary>
    public string Lines => string.Concat(
        Names.Zip(_values).Where(each => each.Second is not null).Select(each => $"{each.First}: {each.Second}\n"));

    public TraceHeaders Named => new()
    {
        CodeSession = this["x-claude-code-session-id"],
        CodeAgent = this["x-claude-code-agent-id"],
        CodeParentAgent = this["x-claude-code-parent-agent-id"],
        Session = this["x-session-id"],
        SessionAffinity = this["x-session-affinity"],
        ParentSession = this["x-parent-session-id"],
        Project = this["x-tracevault-project"],
        Labels = this["x-tracevault-labels"],
        UserAgent = this["user-agent"],
        App = this["x-app"],
        SdkLanguage = this["x-stainless-lang"],
        SdkVersion = this["x-stainless-package-version"],
    };

    public static IdentifyingHeaders Of(IHeaderDictionary headers)
    {
        var values = new string?[Names.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (headers.TryGetValue(Names[i], out var found) && found is { Count: 1 } && found.ToString() is { Length: <= MaxLength } value)
            {
                values[i] = value;
            }
        }

        return new IdentifyingHeaders(values);
    }

    public void Write(ref FieldWriter fields)
    {
        foreach (var value in _values)
        {
            fields.Add(value);
        }
    }

    /// <exception cref="FormatException">The bytes end too early.</exception>
    public static IdentifyingHeaders Read(ref FieldReader fields)
    {
        var values = new string?[Names.Length];
        for (var i = 0; i < values.Length && !fields.IsOver; i++)
        {
            values[i] = fields.Text();
        }

        return new IdentifyingHeaders(values);
    }
}
