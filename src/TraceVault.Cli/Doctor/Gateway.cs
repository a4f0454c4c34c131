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

    /// <summary>The base URL of a client, without a slash at its end.</summary>
    public string Base { get; }

    /// <summary>The base URL as a request can have it: an origin alone lacks a path.</summary>
    public string Root => Base == Server.Origin ? Base + "/" : Base;

    /// <summary>Null when there is none; then much is skipped.</summary>
    public Secret? Credential { get; }

    /// <summary>Where the credential comes from, in words.</summary>
    public string Source { get; }

    /// <summary>Whether what TraceVault alone promises is asked for.</summary>
    public bool IsTraceVault { get; }

    public GatewayClient Client { get; }

    /// <summary>The first answer; null until there is one that can be trusted.</summary>
    public Reply? Greeting { get; set; }

    /// <summary>Why no request would get as far as the upstream, as a sentence; null when nothing speaks against it.</summary>
    public string? Closed { get; set; }

    /// <summary>What the server itself lacks, as a sentence: then what it should look up can't be asked. Null when nothing is known to be missing.</summary>
    public string? Lacks { get; set; }

    /// <summary>The answer to a real request, by the upstream; null when none came.</summary>
    public Reply? Answer { get; set; }

    /// <summary>The credential as clients send it. Only behind <see cref="NoCredential"/>.</summary>
    public Header Authorization => _asApiKey ? Header.ApiKey(Credential!.Reveal()) : Header.Bearer(Credential!.Reveal());

    /// <summary>What to do when the contract is broken.</summary>
    public string Fix => IsTraceVault
        ? "If something stands in front of the server, let it pass requests and answers on unchanged; else update the server."
        : "Look for a setting of this gateway, or ask its makers.";

    public static Gateway OfSignIn(Credentials credentials) => new(
        credentials.Server, credentials.Server.ProxyBase, credentials.Token,
        credentials.FromEnvironment ? "TRACEVAULT_TOKEN" : $"the sign-in of {credentials.Email}", asApiKey: false, isTraceVault: true);

    /// <summary>Any gateway, with the credential that a client would take from the environment.</summary>
    /// <exception cref="CommandFailure">Wrong usage: the URL is none, or what the variable holds is no credential.</exception>
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
                $"{name} holds a token of TraceVault's, which Anthropic answers with 401, so it was not sent there. If it was an SDK that did: messages.batches.results() "
                + "asks the address that stands in the batch. Ask the proxy's /v1/messages/batches/ID/results instead.");
        }

        return new(server, path, credential, name, asApiKey: name == Shells.ApiKey, isTraceVault: false);
    }

    /// <summary>Whether TraceVault itself says that it can't look anything up at this moment; remembers it.</summary>
    public bool IsAway(Reply reply)
    {
        if (reply.Status != 503 || (reply.OwnError != "unavailable" && reply.Read(CliJson.Default.Problem)?.Detail is null))
        {
            return false;
        }

        Lacks ??= "The server can't reach its database.";
        return true;
    }

    private static bool IsAnthropic(ServerUrl server) => $".{server.Host.TrimEnd('.')}".EndsWith(".anthropic.com", StringComparison.OrdinalIgnoreCase);

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
