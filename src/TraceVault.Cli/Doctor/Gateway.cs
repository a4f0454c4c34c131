namespace TraceVault.Cli.Doctor;

/// <summary>What is examined: where it answers, the credential for it, and what the checks so far have learned.</summary>
internal sealed class Gateway : IDisposable
{
    private readonly bool _asApiKey;

    private Gateway(ServerUrl server, string url, Secret? credential, string source, bool asApiKey, bool isTraceVault)
    {
        (Server, Base, Credential, Source, _asApiKey, IsTraceVault) = (server, url, credential, source, asApiKey, isTraceVault);
        Client = new(server);
    }

    public ServerUrl Server { get; }

    /// <summary>The base URL that a client is given, without a slash at its end.</summary>
    public string Base { get; }

    /// <summary>The base URL as a request needs it: an origin alone gets the path /.</summary>
    public string Root => Base == Server.Origin ? Base + "/" : Base;

    /// <summary>Null when there is none; then much is skipped.</summary>
    public Secret? Credential { get; }

    /// <summary>Where the credential comes from, in words.</summary>
    public string Source { get; }

    /// <summary>Whether to check also what TraceVault alone promises.</summary>
    public bool IsTraceVault { get; }

    public GatewayClient Client { get; }

    /// <summary>The first answer; null until there is one that can be trusted.</summary>
    public Reply? Greeting { get; set; }

    /// <summary>Why no request would reach the upstream, as a sentence; null when no reason is known.</summary>
    public string? Closed { get; set; }

    /// <summary>
    /// What the server itself lacks, as a sentence: it can't be asked for anything that it has to look up. Null when nothing is known to be
    /// missing.
    /// </summary>
    public string? Lacks { get; set; }

    /// <summary>The upstream's answer to a real request; null when none came.</summary>
    public Reply? Answer { get; set; }

    /// <summary>The credential as clients send it. To be used only where <see cref="NoCredential"/> is null.</summary>
    public Header Authorization => _asApiKey ? Header.ApiKey(Credential!.Reveal()) : Header.Bearer(Credential!.Reveal());

    /// <summary>What to do when the contract is broken.</summary>
    public string Fix => IsTraceVault
        ? "If a proxy is in front of the server, set it up to pass requests and answers on unchanged; otherwise update the server."
        : "Look for a setting of this gateway that changes this, or ask its makers.";

    public static Gateway OfSignIn(Credentials credentials) => new(
        credentials.Server, credentials.Server.ProxyBase, credentials.Token,
        credentials.FromEnvironment ? "TRACEVAULT_TOKEN" : $"the sign-in of {credentials.Email}", asApiKey: false, isTraceVault: true);

    /// <summary>Any gateway, with the credential that a client would take from the environment.</summary>
    /// <exception cref="CommandFailure">Wrong usage: the URL or what the variable holds can't be used.</exception>
    public static Gateway OfUrl(string url, CliConsole console, bool allowHttp)
    {
        var (server, path) = GatewayUrl.Parse(url, allowHttp);
        var name = console.Variable(Shells.AuthToken) is not null ? Shells.AuthToken : Shells.ApiKey;
        var credential = console.Variable(name) is { } value ? new Secret(value) : null;
        if (credential is { FitsHeader: false })
        {
            throw CommandFailure.Usage($"{name} holds spaces, line breaks or other characters that no token has.");
        }

        if (IsAnthropic(server) && credential?.IsOfTraceVault is true)
        {
            throw CommandFailure.Usage(
                $"{name} holds a token of TraceVault, which Anthropic answers with 401, so it was not sent there. "
                + "If an SDK did send it there: messages.batches.results() asks the address that the batch names. "
                + "Ask the proxy's /v1/messages/batches/ID/results instead.");
        }

        return new(server, path, credential, name, asApiKey: name == Shells.ApiKey, isTraceVault: false);
    }

    /// <summary>Whether TraceVault itself says that it can't look anything up at the moment, which is then remembered.</summary>
    public bool IsAway(Reply reply)
    {
        if (reply.Status != 503 || (reply.OwnError != "unavailable" && reply.Read(CliJson.Default.Problem)?.Detail is null))
        {
            return false;
        }

        Lacks ??= "The server can't reach its database.";
        return true;
    }

    private static bool IsAnthropic(ServerUrl server) =>
        $".{server.Host.TrimEnd('.')}".EndsWith(".anthropic.com", StringComparison.OrdinalIgnoreCase);

    /// <summary>An obstacle to every check that asks the gateway.</summary>
    public string? NotReached() => Greeting is null ? "The server was not reached." : null;

    /// <summary>An obstacle to checks that send the credential.</summary>
    public string? NoCredential() =>
        NotReached() ?? (Credential is null ? $"No credential: set {Shells.AuthToken} or {Shells.ApiKey}." : null);

    /// <summary>An obstacle to checks that need a request to be let through.</summary>
    public string? NoWayThrough() => NoCredential() ?? Closed;

    /// <summary>An obstacle to checks for which TraceVault has to look something up.</summary>
    public string? NoLookUp() => NotTraceVault() ?? Lacks;

    /// <summary>An obstacle to checks of TraceVault's own API.</summary>
    public string? NotTraceVault() => IsTraceVault ? NotReached() : "TraceVault only.";

    public void Dispose() => Client.Dispose();
}
