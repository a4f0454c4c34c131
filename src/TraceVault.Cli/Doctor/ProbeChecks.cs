namespace TraceVault.Cli.Doctor;

/// <summary>Whether the gateway answers the requests by which clients find out, without a credential, that it is there.</summary>
internal static class ProbeChecks
{
    public static IEnumerable<Check> Of(Gateway gateway) =>
    [
        new("probe-base", cancel => ProbeAsync(gateway, gateway.Root, cancel), gateway.NotReached),
        new("probe-hello", cancel => ProbeAsync(gateway, gateway.Base + "/api/hello", cancel), gateway.NotReached),
    ];

    private static async Task<Finding> ProbeAsync(Gateway gateway, string url, CancellationToken cancel)
    {
        foreach (var method in (HttpMethod[])[HttpMethod.Head, HttpMethod.Get])
        {
            if (await gateway.Client.SendAsync(method, url, cancel) is { Status: not 200 } reply)
            {
                return Finding.Fail(
                    $"{method} answers HTTP {reply.Status} instead of 200.", $"Clients conclude that no gateway is there. {gateway.Fix}");
            }
        }

        return Finding.Ok("HEAD and GET answer 200 without a credential.");
    }
}
