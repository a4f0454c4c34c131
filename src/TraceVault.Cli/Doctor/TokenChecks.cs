namespace TraceVault.Cli.Doctor;

/// <summary>How requests are refused that have no acceptable credential.</summary>
internal static class TokenChecks
{
    /// <summary>A token that no gateway knows.</summary>
    private const string Unknown = "tvs_doctor-asks-with-an-unknown-token";

    public static IEnumerable<Check> Of(Gateway gateway) =>
    [
        new("missing-token", cancel => RefuseAsync(gateway, "missing_token", cancel), gateway.NotReached),
        new(
            "invalid-token",
            cancel => RefuseAsync(gateway, "invalid_token", cancel, Header.Bearer(Unknown)),
            () => gateway.NotReached() ?? gateway.Lacks),
        new(
            "conflicting-tokens",
            cancel => RefuseAsync(
                gateway, "conflicting_tokens", cancel, Header.ApiKey(gateway.Credential!.Reveal()), Header.Bearer(Unknown)),
            gateway.NoCredential),
    ];

    private static async Task<Finding> RefuseAsync(Gateway gateway, string code, CancellationToken cancel, params Header[] credentials)
    {
        var reply = await gateway.Client.SendAsync(
            HttpMethod.Get, gateway.Base + "/v1/models?limit=1", cancel, [Header.Version, .. credentials]);
        if (reply.Status is >= 200 and < 300)
        {
            return Finding.Fail(
                $"Answered with HTTP {reply.Status} instead of being refused with 401.",
                $"Others could use this gateway, too. {gateway.Fix}");
        }

        string[] deviations = [.. ErrorShape.Deviations(reply, gateway.IsTraceVault ? code : null)];
        return deviations.Length == 0
            ? Finding.Ok("Refused with 401 in Anthropic's form, and marked as not to be repeated.")
            : Finding.Fail(
                $"The refusal is not what clients need: {string.Join("; ", deviations)}.",
                $"Clients repeat such a request for minutes, or show another error. {gateway.Fix}");
    }
}
