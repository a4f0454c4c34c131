namespace TraceVault.Cli.Doctor;

/// <summary>Whether paths are refused that two programs may read differently: one path could be let through as another.</summary>
internal static class PathCheck
{
    private static readonly string[] Paths =
    [
        "/v1/../v1/models", "/v1/./models", "/v1/%2e%2e/v1/models", "/v1/.%2E/v1/models",
        "/v1%2fmodels", "/v1%5cmodels", @"/v1\models", "/v1//models", "/v1/models%00",
    ];

    public static Check Of(Gateway gateway) => new("bad-paths", cancel => RefuseAsync(gateway, cancel), gateway.NotReached);

    private static async Task<Finding> RefuseAsync(Gateway gateway, CancellationToken cancel)
    {
        var others = new List<string>();
        var refused = true;
        foreach (var path in Paths)
        {
            // TraceVault refuses them before it looks at a credential; another gateway shows nothing without one.
            var headers = gateway.IsTraceVault || gateway.Credential is null ? [] : (Header[])[gateway.Authorization, Header.Version];
            var status = (await gateway.Client.SendAsync(HttpMethod.Get, gateway.Base + path, cancel, headers)).Status;
            if (status != 400)
            {
                others.Add($"{path}: HTTP {status}");
            }

            refused &= status is >= 400 and < 500;
        }

        var detail = $"Not refused with 400: {string.Join(", ", others)}.";
        return others.Count == 0
                ? Finding.Ok($"{Paths.Length} forms of dot segments, hidden separators and empty segments are refused with 400.")
            : refused && !gateway.IsTraceVault
                ? Finding.Warn(
                    detail,
                    "They are refused with another status, by this gateway or by a server behind it. Check its documentation.")
            : Finding.Fail(detail, $"Rules about paths can be bypassed. {gateway.Fix}");
    }
}
