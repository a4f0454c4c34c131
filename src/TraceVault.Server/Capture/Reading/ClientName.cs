using System.Collections.Frozen;

namespace TraceVault.Capture.Reading;

/// <summary>Which program sent a request, by what it says about itself.</summary>
/// <param name="Name">One of a closed list, so that it can be a filter and a column.</param>
/// <param name="Version">Null when it says none that looks like one.</param>
internal readonly record struct ClientName(string Name, string? Version)
{
    public const string Other = "other";

    private const int MaxVersion = 40;

    /// <summary>By the first word of the <c>User-Agent</c>, which is a program's name before a slash.</summary>
    private static readonly FrozenDictionary<string, string> Programs = new Dictionary<string, string>
    {
        ["claude-cli"] = "claude-code",
        ["claude-code"] = "claude-code",
        ["opencode"] = "opencode",
        ["pi"] = "pi",
        ["pi-coding-agent"] = "pi",
        ["gsd"] = "gsd",
        ["gsd-pi"] = "gsd",
        ["curl"] = "curl",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, string> Sdks = new Dictionary<string, string>
    {
        ["js"] = "sdk-typescript",
        ["typescript"] = "sdk-typescript",
        ["python"] = "sdk-python",
        ["csharp"] = "sdk-csharp",
        ["c#"] = "sdk-csharp",
        ["java"] = "sdk-java",
        ["kotlin"] = "sdk-java",
        ["go"] = "sdk-go",
        ["ruby"] = "sdk-ruby",
        ["php"] = "sdk-php",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>A program goes before the SDK that it is built with, whose headers it sends as well.</summary>
    public static ClientName Of(in TraceHeaders headers)
    {
        var (program, version) = FirstWord(headers.UserAgent);
        if (Programs.TryGetValue(program, out var name))
        {
            return new ClientName(name, VersionOrNull(version));
        }

        if (WireId.OrNull(headers.CodeSession) is not null || headers.App == "cli")
        {
            return new ClientName("claude-code", null);
        }

        if (Sdks.TryGetValue(headers.SdkLanguage?.Trim() ?? "", out var sdk))
        {
            return new ClientName(sdk, VersionOrNull(headers.SdkVersion));
        }

        return SdkByWord(headers.UserAgent) ?? new ClientName(Other, null);
    }

    /// <summary>Proxies before us drop headers that they don't know. SDKs say <c>NAME/LANGUAGE VERSION</c> besides.</summary>
    private static ClientName? SdkByWord(string? userAgent)
    {
        var (program, rest) = FirstWord(userAgent);
        var words = (userAgent ?? "").Split(' ', 3);
        return program.Contains("Anthropic", StringComparison.Ordinal) && Sdks.TryGetValue(rest, out var sdk)
            ? new ClientName(sdk, words.Length > 1 ? VersionOrNull(words[1]) : null)
            : null;
    }

    private static (string Name, string Version) FirstWord(string? userAgent)
    {
        var parts = (userAgent ?? "").Split(' ', 2)[0].Split('/', 2);
        return (parts[0], parts.Length > 1 ? parts[1] : "");
    }

    private static string? VersionOrNull(string? version) =>
        version is { Length: > 0 and <= MaxVersion } && char.IsAsciiDigit(version[0])
            && version.All(each => char.IsAsciiLetterOrDigit(each) || each is '.' or '-' or '+' or '_')
            ? version : null;
}
