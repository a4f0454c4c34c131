namespace TraceVault.Cli.Doctor;

/// <summary>Whether a TraceVault server is ready, knows the caller and has a key to use for them.</summary>
internal static class AccountChecks
{
    public static IEnumerable<Check> Of(Gateway gateway) =>
    [
        new("ready", cancel => ReadyAsync(gateway, cancel), gateway.NotTraceVault),
        new("session", cancel => SessionAsync(gateway, cancel), () => gateway.NoLookUp() ?? ProxyToken(gateway)),
        new("anthropic-key", cancel => KeyAsync(gateway, cancel), () => gateway.NoLookUp() ?? ProxyToken(gateway) ?? gateway.Closed),
    ];

    /// <summary>A proxy token is good for the proxy and nothing else, so the API would refuse it.</summary>
    private static string? ProxyToken(Gateway gateway) => gateway.Credential!.Reveal().StartsWith("tvp_", StringComparison.Ordinal)
        ? "A proxy token can't ask for this; the checks below show whether it is good."
        : null;

    private const string More = "Ask the server's administrator to look into its log.";

    private const string Database =
        "Ask the server's administrator to check that the database runs and that TRACEVAULT_DATABASE names it; "
        + "the server's log says more.";

    private static async Task<Finding> ReadyAsync(Gateway gateway, CancellationToken cancel)
    {
        var reply = await gateway.Client.SendAsync(HttpMethod.Get, gateway.Server.Origin + "/readyz", cancel);
        var health = reply.Read(CliJson.Default.HealthAnswer);
        if (health?.Reason is not { } why)
        {
            return reply.Status == 200
                ? Finding.Ok("The database answers and every stored key opens.")
                : Finding.Fail($"/readyz answers HTTP {reply.Status}.", More);
        }

        var isDatabase = why.Contains("database", StringComparison.OrdinalIgnoreCase);
        gateway.Lacks = isDatabase ? "The server can't reach its database." : null;
        var remedy = isDatabase ? Database : More;
        return reply.Status == 200 ? Finding.Warn($"Ready in part: {why}.", remedy) : Finding.Fail($"Not ready: {why}.", remedy);
    }

    private static async Task<Finding> SessionAsync(Gateway gateway, CancellationToken cancel)
    {
        var reply = await AskAsync(gateway, "/api/v1/me", cancel);
        if (reply.Read(CliJson.Default.MeAnswer) is { } me && reply.Status == 200)
        {
            return Finding.Ok($"{me.Email}, until {Text.Time(me.Session.ExpiresAt)}.");
        }

        if (reply.Status != 401)
        {
            return Unexpected(gateway, "/api/v1/me", reply);
        }

        gateway.Closed = "The sign-in is not accepted.";
        return Finding.Fail("The server does not accept this sign-in any more.", $"Run: tracevault login --server {gateway.Server}");
    }

    private static async Task<Finding> KeyAsync(Gateway gateway, CancellationToken cancel)
    {
        var reply = await AskAsync(gateway, "/api/v1/me/anthropic-key", cancel);
        if (reply.Status != 200 || reply.Read(CliJson.Default.KeyAnswer) is not { } key)
        {
            return Unexpected(gateway, "/api/v1/me/anthropic-key", reply);
        }

        gateway.Closed = !key.Configured ? "No Anthropic key is stored."
            : key.Readable is false ? "The stored Anthropic key can't be opened."
            : null;
        if (key is { Configured: true, RefusedAt: { } refused })
        {
            return Finding.Warn(
                $"Anthropic has refused the stored key since {Text.Time(refused)}; the check named models asks Anthropic again.",
                "Make another at console.anthropic.com, Settings, API keys, and store it: tracevault key set");
        }

        return gateway.Closed is { } closed
            ? Finding.Fail(closed, key.Configured ? "Store it again: tracevault key set" : "Store one: tracevault key set")
            : Finding.Ok($"Stored{(key.ConfiguredAt is { } since ? $" since {Text.Time(since)}" : "")}, and the server can open it.");
    }

    private static Task<Reply> AskAsync(Gateway gateway, string path, CancellationToken cancel) =>
        gateway.Client.SendAsync(HttpMethod.Get, gateway.Server.Origin + path, cancel, gateway.Authorization);

    private static Finding Unexpected(Gateway gateway, string path, Reply reply) => gateway.IsAway(reply)
        ? Finding.Fail(gateway.Lacks!, Database)
        : Finding.Fail($"{path} answers HTTP {reply.Status}, {reply.MediaType}, which is not how TraceVault answers.", gateway.Fix);
}
