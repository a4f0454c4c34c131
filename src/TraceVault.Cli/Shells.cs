namespace TraceVault.Cli;

/// <summary>Lines that a shell evaluates to point Anthropic's clients at the proxy.</summary>
internal static class Shells
{
    public static readonly string[] Names = ["sh", "fish", "powershell"];

    public const string BaseUrl = "ANTHROPIC_BASE_URL", AuthToken = "ANTHROPIC_AUTH_TOKEN", ApiKey = "ANTHROPIC_API_KEY";

    private const string Why = "# ANTHROPIC_API_KEY is removed: clients would send a key left there along with the token.";

    /// <summary>
    /// fish: erasing without a scope would delete a universal variable, which outlives the shell. So it stays and still reaches the
    /// clients, and this line says so.
    /// </summary>
    private const string FishUniversal =
        $"set -qU {ApiKey}; and echo '{ApiKey} is a universal variable, which clients still see. "
        + $"Erase it for good with: set -e -U {ApiKey}' >&2;";

    public static string Default => OperatingSystem.IsWindows() ? "powershell" : "sh";

    /// <remarks>Each line ends its own statement and the comment comes last, so that <c>eval $(…)</c> without quotes works too.</remarks>
    /// <param name="shell">One of <see cref="Names"/>.</param>
    /// <param name="baseUrl">The proxy's.</param>
    /// <param name="token">The caller's.</param>
    /// <param name="others">Variables to set as well.</param>
    public static string Lines(string shell, string baseUrl, Secret token, params IEnumerable<KeyValuePair<string, string?>> others) =>
        string.Concat(others.Select(other => Set(shell, other.Key, other.Value ?? ""))) + Lines(shell, baseUrl, token);

    private static string Set(string shell, string name, string value) => shell switch
    {
        "fish" => $"set -gx {name} {Fish(value)};\n",
        "powershell" => $"$env:{name} = {PowerShell(value)};\n",
        _ => $"export {name}={Sh(value)};\n",
    };

    private static string Lines(string shell, string baseUrl, Secret token) =>
        Set(shell, BaseUrl, baseUrl) + Set(shell, AuthToken, token.Reveal()) + shell switch
        {
            "fish" => $"set -e -g {ApiKey};\n{FishUniversal}\n{Why}",
            "powershell" => $"Remove-Item Env:{ApiKey} -ErrorAction SilentlyContinue;\n{Why}",
            _ => $"unset {ApiKey};\n{Why}",
        };

    /// <summary>POSIX: nothing is special between single quotes, so a quote has to be outside them.</summary>
    public static string Sh(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>fish: between single quotes only the backslash and the quote are special.</summary>
    public static string Fish(string text) =>
        $"'{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal)}'";

    /// <summary>PowerShell: a quote is doubled; the typographic ones (U+2018 to U+201B) count as quotes too.</summary>
    public static string PowerShell(string text) =>
        $"'{string.Concat(text.Select(c => c is '\'' or (>= '\u2018' and <= '\u201b') ? $"{c}{c}" : c.ToString()))}'";
}
