namespace TraceVault.Cli.Doctor;

/// <summary>Whether a body that is too large is refused by its length, before anybody uploads it.</summary>
internal static class BodyLimitCheck
{
    /// <summary>Above the largest limit that TraceVault can be given, 512 MiB.</summary>
    private const long TooLarge = (512L << 20) + 1;

    private const string Front = "If nginx is in front of the server, set proxy_request_buffering off there.";

    public static Check Of(Gateway gateway)
    {
        const string Waits = "A body of 512 MiB was announced, and the server waits for it.";
        return new(
            "body-limit",
            cancel => AnnounceAsync(gateway, cancel),
            () => gateway.NoWayThrough() ?? Proxied(gateway),
            gateway.IsTraceVault
                ? Finding.Fail(Waits, Front)
                : Finding.Warn(Waits, $"It has no limit, or it reads the whole body first. {Front}"));
    }

    private static string? Proxied(Gateway gateway) =>
        SystemProxy.MayServe(gateway.Server) && HttpClient.DefaultProxy.GetProxy(new(gateway.Base)) is not null
            ? "This is not tried through the proxy that HTTPS_PROXY names."
            : null;

    private static async Task<Finding> AnnounceAsync(Gateway gateway, CancellationToken cancel)
    {
        var head = await UnsentBody.AnnounceAsync(new(gateway.Base + "/v1/messages"), TooLarge, gateway.Authorization, cancel);
        var status = head.Split(' ').ElementAtOrDefault(1);
        if (status != "413")
        {
            return Finding.Fail($"A body of 512 MiB was announced and answered with HTTP {status} instead of 413.", gateway.Fix);
        }
        // Something in front of the server may have a smaller limit; clients show words of their own for a 413 anyway.
        var own = head.Contains("\r\nx-tracevault-error: too_large", StringComparison.OrdinalIgnoreCase);
        var refuser = gateway.IsTraceVault && !own ? " (by something in front of the server)" : "";
        return Finding.Ok($"A body of 512 MiB was refused with 413{refuser} before a byte of it was sent.");
    }
}
