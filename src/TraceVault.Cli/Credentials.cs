using System.Text.Json.Serialization;

namespace TraceVault.Cli;

/// <summary>Who this machine is signed in as, and where.</summary>
/// <param name="ServerUrl">The server's origin.</param>
/// <param name="Token">The session token; from the environment it may be a proxy token.</param>
/// <param name="Email">Null when the environment holds the credentials.</param>
/// <param name="ExpiresAt">When the session ends as far as this machine knows; null as for <paramref name="Email"/>.</param>
internal sealed record Credentials(string ServerUrl, Secret Token, string? Email = null, DateTimeOffset? ExpiresAt = null)
{
    private const string UrlVariable = "TRACEVAULT_SERVER_URL", TokenVariable = "TRACEVAULT_TOKEN";

    /// <summary>Set when the two variables, not the file, hold the credentials: then there is nothing here to forget or renew.</summary>
    [JsonIgnore]
    public bool FromEnvironment { get; private init; }

    [JsonIgnore]
    public ServerUrl Server => Cli.ServerUrl.Parse(ServerUrl, allowHttp: true);

    /// <summary>The credentials in force: those of the environment, otherwise those of the file.</summary>
    /// <exception cref="CommandFailure">Not signed in, or what is there can't be used.</exception>
    public static Credentials Require(CliConsole console, bool allowHttp) =>
        OfEnvironment(console, allowHttp)
        ?? CredentialsFile.Find(console)?.Load()
        ?? throw CommandFailure.NotSignedIn("You are not signed in. Run: tracevault login --server URL");

    /// <summary>
    /// As <see cref="Require"/>, for commands that hand the token on: asks the server, if it answers, whether a stored token is still good.
    /// A token from the environment is used as it is.
    /// </summary>
    public static async Task<Credentials> RequireLiveAsync(CliConsole console, bool allowHttp, CancellationToken cancel)
    {
        var credentials = Require(console, allowHttp);
        return credentials.FromEnvironment
            ? credentials
            : await Renewal.RequireAsync(console, credentials, CredentialsFile.Require(console), cancel);
    }

    private static Credentials? OfEnvironment(CliConsole console, bool allowHttp)
    {
        var (url, token) = (console.Variable(UrlVariable), console.Variable(TokenVariable));
        if (url is null && token is null)
        {
            return null;
        }

        if (url is null || token is null)
        {
            throw CommandFailure.Usage(
                $"{(url is null ? TokenVariable : UrlVariable)} is set but {(url is null ? UrlVariable : TokenVariable)} is not. "
                + "Set both, or neither to use the stored sign-in.");
        }

        var secret = new Secret(token);
        if (!secret.FitsHeader)
        {
            throw CommandFailure.Usage($"{TokenVariable} holds spaces, line breaks or other characters that no token has.");
        }

        if (token.StartsWith("sk-", StringComparison.Ordinal))
        {
            throw CommandFailure.Usage(
                $"{TokenVariable} holds a provider's key. It takes a TraceVault token, tvs_… or tvp_…: "
                + "keys are stored with `tracevault key set`.");
        }

        if (!Cli.ServerUrl.TryParse(url, allowHttp, out var server, out var problem))
        {
            throw CommandFailure.Usage($"{UrlVariable}: {problem}");
        }

        return new(server.Origin, secret) { FromEnvironment = true };
    }
}
