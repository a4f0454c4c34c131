namespace TraceVault.Cli;

/// <summary>Whether the HTTP proxy that the environment (or Windows) names may stand between here and a server.</summary>
internal static class SystemProxy
{
    private const string Everything = "*";

    /// <summary>The proxy's own protocol is no secret, so a token goes through it inside TLS or not at all; a server on this very machine needs none.</summary>
    public static bool MayServe(ServerUrl server) => server is { IsHttps: true, IsLoopback: false } && !IsOff();

    /// <summary>.NET reads NO_PROXY too, but does not know the star, which curl and most others do.</summary>
    private static bool IsOff() => ClientEnvironment.NoProxy.Select(Environment.GetEnvironmentVariable)
        .Any(hosts => hosts?.Split(',', StringSplitOptions.TrimEntries).Contains(Everything) is true);
}
