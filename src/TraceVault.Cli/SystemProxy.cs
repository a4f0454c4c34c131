namespace TraceVault.Cli;

/// <summary>Whether the HTTP proxy that the environment (or Windows) names may be used on the way to a server.</summary>
internal static class SystemProxy
{
    private const string Everything = "*";

    /// <summary>A proxy can read plain text, so a token passes it in TLS or not at all; a server on this machine needs no proxy.</summary>
    public static bool MayServe(ServerUrl server) => server is { IsHttps: true, IsLoopback: false } && !IsOff();

    /// <summary>.NET reads NO_PROXY too, but not the star, which curl and most other programs know.</summary>
    private static bool IsOff() => ClientEnvironment.NoProxy.Select(Environment.GetEnvironmentVariable)
        .Any(hosts => hosts?.Split(',', StringSplitOptions.TrimEntries).Contains(Everything) is true);
}
