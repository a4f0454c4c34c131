namespace TraceVault.Cli.Doctor;

/// <summary>The base URL of a gateway that need not be TraceVault: it may have a path.</summary>
internal static class GatewayUrl
{
    /// <returns>The origin, and the base URL without a slash at its end.</returns>
    /// <exception cref="CommandFailure">Wrong usage.</exception>
    public static (ServerUrl Server, string Base) Parse(string text, bool allowHttp)
    {
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri) || uri is not { Scheme: "https" or "http", Host.Length: > 0 })
        {
            throw CommandFailure.Usage("The gateway's URL is not complete. Give it with its scheme, such as https://gateway.example.com.");
        }

        if (uri.UserInfo.Length > 0)
        {
            throw CommandFailure.Usage("The gateway's URL must not hold a user name or password.");
        }

        if (uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw CommandFailure.Usage("The gateway's URL must end with its path: no ? and no #.");
        }

        var server = ServerUrl.Parse(uri.GetLeftPart(UriPartial.Authority), allowHttp);
        var path = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return path.EndsWith("/v1", StringComparison.Ordinal)
            ? throw CommandFailure.Usage($"A base URL does not end in /v1: clients add it. Use {path[..^3]}.")
            : (server, path);
    }
}
