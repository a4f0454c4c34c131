namespace TraceVault.Cli.Doctor;

/// <summary>Whether the gateway is there, whether the way to it is safe, and whether it knows what time it is.</summary>
internal static class ConnectionChecks
{
    /// <summary>A larger difference means that nobody sets one of the clocks; the header has whole seconds.</summary>
    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(1);

    /// <summary>Leaves time to renew a certificate by hand.</summary>
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(14);

    public static IEnumerable<Check> Of(Gateway gateway, CliConsole console) =>
    [
        new("credentials", _ => Task.FromResult(Credentials(gateway))),
        new("reachable", cancel => ReachAsync(gateway, cancel)),
        new(
            "certificate",
            _ => Task.FromResult(Certificate(gateway, console.Clock.GetUtcNow(), console.Variable(ClientEnvironment.NodeAuthorities))),
            gateway.NotReached),
        new("clock", _ => Task.FromResult(Clock(gateway.Greeting!, console.Clock.GetUtcNow())), gateway.NotReached),
    ];

    private static Finding Credentials(Gateway gateway) => gateway.Credential is null
        ? Finding.Warn("None for this gateway.", $"Set {Shells.AuthToken} or {Shells.ApiKey}; without one, much is skipped.")
        : Finding.Ok($"For {gateway.Base}, from {gateway.Source}.");

    private static async Task<Finding> ReachAsync(Gateway gateway, CancellationToken cancel)
    {
        var reply = gateway.IsTraceVault
            ? await gateway.Client.SendAsync(HttpMethod.Get, gateway.Server.Origin + "/healthz", cancel)
            : await gateway.Client.SendAsync(HttpMethod.Head, gateway.Root, cancel);
        // The token goes to TraceVault or to nobody.
        if (gateway.IsTraceVault && reply is not { Status: 200, MediaType: "application/json" })
        {
            return Finding.Fail(
                $"What answers at {gateway.Server} is not TraceVault (/healthz: HTTP {reply.Status}, {reply.MediaType}).",
                "Check the URL.");
        }

        if (!gateway.IsTraceVault && gateway.Base == gateway.Server.Origin && await IsTraceVaultAsync(gateway, cancel))
        {
            return Finding.Fail("This is TraceVault, whose base URL has a path.", $"Use --url {gateway.Server.ProxyBase}.");
        }

        gateway.Greeting = reply;
        return Finding.Ok($"Answered in {reply.Took.TotalMilliseconds:0} ms.");
    }

    private static async Task<bool> IsTraceVaultAsync(Gateway gateway, CancellationToken cancel) =>
        (await gateway.Client.SendAsync(HttpMethod.Head, gateway.Server.ProxyBase, cancel)).Headers.Contains("x-tracevault-request-id");

    private static Finding Certificate(Gateway gateway, DateTimeOffset now, string? nodeAuthorities)
    {
        if (gateway.Client.Certificate is { } certificate)
        {
            return certificate.Ends - now < RenewBefore ? Finding.Warn($"Ends on {Text.Time(certificate.Ends)}.", "Renew it on the server.")
                : !certificate.IsLogged && nodeAuthorities is null ? Finding.Warn(
                    $"Trusted here, good until {Text.Time(certificate.Ends)}; "
                        + "but it comes from an authority of your own, which Node.js does not know.",
                    $"Set {ClientEnvironment.NodeAuthorities} to that authority's PEM file, "
                        + "for Claude Code, the TypeScript SDK and other Node.js tools.")
                : Finding.Ok($"Trusted here, good until {Text.Time(certificate.Ends)}.");
        }

        return gateway.Server.IsLoopback
            ? Finding.Ok("None needed: http that stays on this machine.")
            : Finding.Warn(
                "Plain http: anyone on the way can read the token.", "Put a certificate on the server and use its https:// URL.");
    }

    private static Finding Clock(Reply greeting, DateTimeOffset now)
    {
        if (greeting.Headers.Date is not { } there)
        {
            return Finding.Skip("The server sent no Date header.");
        }

        var skew = there - now;
        return skew.Duration() <= MostSkew
            ? Finding.Ok("This machine and the server agree.")
            : Finding.Warn(
                $"The server's clock is {skew.Duration().TotalSeconds:0} seconds "
                    + $"{(skew > TimeSpan.Zero ? "ahead of" : "behind")} this machine's.",
                "Let a time server set both: sign-ins and certificates end by the clock.");
    }
}
