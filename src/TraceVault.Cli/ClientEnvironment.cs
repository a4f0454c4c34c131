namespace TraceVault.Cli;

/// <summary>What <c>proxy run</c> changes in a command's environment.</summary>
internal static class ClientEnvironment
{
    private const string SystemAuthorities = "SSL_CERT_FILE";

    public const string NodeAuthorities = "NODE_EXTRA_CA_CERTS";

    /// <summary>Any of these would send Claude Code to a cloud provider instead, without a word.</summary>
    public static readonly string[] OtherProviders = ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"];

    /// <summary>Clients differ in which of the two they read, and in which takes precedence.</summary>
    public static readonly string[] NoProxy = ["NO_PROXY", "no_proxy"];

    private static readonly string[] Proxies = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

    /// <summary>Tools that take their credential from ANTHROPIC_API_KEY and look nowhere else.</summary>
    private static readonly string[] ApiKeyTools = ["pi", "gsd"];

    /// <param name="credentials">The caller's.</param>
    /// <param name="asApiKey">Whether the token goes into ANTHROPIC_API_KEY too.</param>
    /// <param name="variable">Reads the present environment.</param>
    /// <returns>Variables to set; null removes one.</returns>
    public static Dictionary<string, string?> Of(Credentials credentials, bool asApiKey, Func<string, string?> variable)
    {
        var token = credentials.Token.Reveal();
        var changes = new Dictionary<string, string?>(WithoutProxy(credentials.Server, variable))
        {
            [Shells.BaseUrl] = credentials.Server.ProxyBase,
            [Shells.AuthToken] = token,
            [Shells.ApiKey] = asApiKey ? token : null,
            ["ANTHROPIC_OAUTH_TOKEN"] = null, // Pi prefers it to the key
        };
        foreach (var name in OtherProviders)
        {
            changes[name] = null;
        }

        // Node.js reads neither the system's authorities nor SSL_CERT_FILE.
        if (credentials.Server.IsHttps && variable(NodeAuthorities) is null && variable(SystemAuthorities) is { } authorities)
        {
            changes[NodeAuthorities] = authorities;
        }

        return changes;
    }

    /// <summary>
    /// Whether the program needs the token in ANTHROPIC_API_KEY. Others don't get it there: Claude Code asks its user about a key that it
    /// finds in that variable.
    /// </summary>
    public static bool WantsApiKey(string program) => ApiKeyTools.Any(name => IsProgram(program, name));

    public static bool IsProgram(string program, string name) =>
        Path.GetFileNameWithoutExtension(program).Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Keeps HTTP proxies away from a server that speaks http, because they would read the token, and from a server on this machine, which
    /// they could not even reach.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string?>> WithoutProxy(ServerUrl server, Func<string, string?> variable) =>
        server is { IsHttps: true, IsLoopback: false }
            ? []
            : NoProxy.Select(name => KeyValuePair.Create(
                name,
                (string?)With(server.Host, variable(name) ?? NoProxy.Select(variable).FirstOrDefault(value => value is not null))));

    public static bool HasProxy(Func<string, string?> variable) => Proxies.Any(name => variable(name) is not null);

    /// <remarks><c>*</c> means every host, but only when it is alone. Some clients want an IPv6 address without its brackets.</remarks>
    private static string With(string host, string? hosts)
    {
        if (hosts?.Trim() is "*")
        {
            return hosts;
        }

        var added = host.StartsWith('[') ? $"{host},{host[1..^1]}" : host;
        return hosts is null ? added : $"{hosts},{added}";
    }
}
