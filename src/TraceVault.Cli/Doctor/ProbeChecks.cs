namespace TraceVault.Cli.Doctor;

/// <summary>Clients ask, without a credential, whether anybody is there.</summary>
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
                return Finding.Fail($"{method} answers HTTP {reply.Status} instead of 200.", $"Clients take the gateway for absent. {gateway.Fix}");
            }
        }

        return Finding.Ok("HEAD and GET answer 200 without a credential.");
    }
}
