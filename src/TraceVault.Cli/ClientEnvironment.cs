namespace TraceVault.Cli;

/// <summary>What <c>proxy run</c> changes in a command's environment.</summary>
internal static class ClientEnvironment
{
    /// <summary>Claude Code would go to a cloud instead and say nothing.</summary>
    public static readonly string[] OtherProviders = ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"];

    /// <summary>Which of the two a client reads, and which goes before the other, differs.</summary>
    private static readonly string[] NoProxy = ["NO_PROXY", "no_proxy"];

    /// <returns>Variables to set; null removes one.</returns>
    public static Dictionary<string, string?> Of(Credentials credentials, Func<string, string?> variable)
    {
        var changes = new Dictionary<string, string?>
        {
            [Shells.BaseUrl] = credentials.Server.ProxyBase,
            [Shells.AuthToken] = credentials.Token.Reveal(),
            [Shells.ApiKey] = null,
        };
        foreach (var name in OtherProviders)
            changes[name] = null;
        if (credentials.Server.IsLoopback)
            foreach (var name in NoProxy)
                changes[name] = With(credentials.Server.Host, variable(name) ?? NoProxy.Select(variable).FirstOrDefault(value => value is not null));
        return changes;
    }

    /// <summary>An HTTP proxy would read the token of a server on this very machine, and could not reach it.</summary>
    /// <remarks><c>*</c> means every host, but only where it stands alone. Some clients want an IPv6 address without its brackets.</remarks>
    private static string With(string host, string? hosts)
    {
        if (hosts?.Trim() is "*")
            return hosts;
        var added = host.StartsWith('[') ? $"{host},{host[1..^1]}" : host;
        return hosts is null ? added : $"{hosts},{added}";
    }
}
