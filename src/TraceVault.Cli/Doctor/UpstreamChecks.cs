namespace TraceVault.Cli.Doctor;

/// <summary>One real request, and what of its answer comes back.</summary>
internal static class UpstreamChecks
{
    public static IEnumerable<Check> Of(Gateway gateway) =>
    [
        new("models", cancel => ListModelsAsync(gateway, cancel), gateway.NoWayThrough),
        new("response-headers", _ => Task.FromResult(Headers(gateway, gateway.Answer!)), () => gateway.NoWayThrough() ?? NoAnswer(gateway)),
    ];

    private static string? NoAnswer(Gateway gateway) => gateway.Answer is null ? "No answer came from the upstream." : null;

    private static async Task<Finding> ListModelsAsync(Gateway gateway, CancellationToken cancel)
    {
        var reply = await gateway.Client.SendAsync(
            HttpMethod.Get, gateway.Base + "/v1/models?limit=1", cancel, gateway.Authorization, Header.Version);
        if (reply.OwnError is { } code)
        {
            return Finding.Fail($"TraceVault itself answered ({code}): {reply.Said}", OwnRemedy(code));
        }

        gateway.Answer = reply;
        return reply.Status == 200 && reply.Read(CliJson.Default.ModelsAnswer) is { } models
            ? Finding.Ok(
                $"GET /v1/models answered in {reply.Took.TotalMilliseconds:0} ms"
                + $"{(models.Data is [var first, ..] ? $", with {first.Id}" : "")}.")
            : Finding.Fail($"{(gateway.IsTraceVault ? "Anthropic answered " : "")}{reply.Said}", Remedy(gateway, reply.Status));
    }

    private static string OwnRemedy(string code) => code is "upstream_unreachable" or "upstream_timeout"
        ? "Ask the server's administrator to check TRACEVAULT_ANTHROPIC_URL and the network; the server's log says more."
        : code is "unavailable" ? "See the checks above for what is wrong on the server. It recovers by itself once that is fixed."
        : "Do what the message says.";

    private static string Remedy(Gateway gateway, int status) => status switch
    {
        401 => gateway.IsTraceVault
            ? "Store a key that Anthropic accepts: tracevault key set"
            : $"Check the credential in {gateway.Source}.",
        403 => "Check in Anthropic's console what the key may do.",
        429 => "Wait, then run this again.",
        >= 500 => "Try again later; https://status.anthropic.com says more.",
        _ => gateway.Fix,
    };

    private static Finding Headers(Gateway gateway, Reply answer)
    {
        string[] expected = gateway.IsTraceVault
            ? ["content-type", "request-id", "x-tracevault-request-id"]
            : ["content-type", "request-id"];
        string[] missing = [.. expected.Where(name => answer.Header(name) is null).Select(name => $"{name} is missing")];
        // Nobody asked for a compressed answer, and the C# SDK fails on one.
        string[] surplus =
        [
            .. ((string[])["set-cookie", "content-encoding"])
                .Where(name => answer.Header(name) is not null)
                .Select(name => $"{name} should not be there"),
        ];
        if (missing.Length + surplus.Length > 0)
        {
            return Finding.Fail($"The headers are not what clients need: {string.Join("; ", missing.Concat(surplus))}.", gateway.Fix);
        }

        return answer.Header("server") is { } server
            ? Finding.Warn(
                $"All needed headers are there, but so is a server header: {server}.",
                "This is harmless: a proxy in front of the gateway adds it. In nginx, server_tokens off removes the version.")
            : Finding.Ok($"{string.Join(", ", expected)} are there; no set-cookie, no server.");
    }
}
