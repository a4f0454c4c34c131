using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using TraceVault.Tests.Members;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Gateway;

/// <summary>
/// The servers in front of a <see cref="RawUpstream"/>, each started once for all tests that ask for it. These tests run one after the
/// other: they share a user, and what one test does to the user's connections could otherwise be seen by another.
/// </summary>
[CollectionDefinition(nameof(RawBench))]
public sealed class RawBench : ICollectionFixture<RawBench>, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<RawRig>>> _rigs = new(StringComparer.Ordinal);

    /// <summary>
    /// For <c>[MemberData]</c>: a server in this process; the server as it is handed out, in a process of its own; the latter with TLS to
    /// the upstream.
    /// </summary>
    public static TheoryData<string> Servers => new("here", "published", "published, TLS");

    /// <summary>Where rounds that take long run: by day against what is handed out.</summary>
    public static TheoryData<string> ServersOfLongRounds => Nightly.IsOn ? Servers : new("published");

    internal Task<RawRig> GetAsync(string server) => _rigs.GetOrAdd(server, _ => new(() => RawRig.StartAsync(server))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var rig in _rigs.Values)
        {
            await (await rig.Value).DisposeAsync();
        }
    }
}

/// <summary>Separate servers for the tests of early answers, which take as long as all other tests together.</summary>
[CollectionDefinition(nameof(EarlyBench))]
public sealed class EarlyBench : ICollectionFixture<RawBench>;

/// <summary>A server in front of an upstream on bare sockets, with one user who has stored a key.</summary>
internal sealed class RawRig : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly RunningServer _server;
    private readonly string _token;

    private RawRig(TestDatabase database, RawUpstream upstream, RunningServer server, string token) =>
        (_database, Upstream, _server, _token) = (database, upstream, server, token);

    public RawUpstream Upstream { get; }

    public RunningServer Server => _server;

    public string Token => _token;

    /// <summary>Everything that the server logged so far.</summary>
    public string Log => _server switch
    {
        PublishedServer published => published.Output,
        TestServer here => here.Log.Text,
        _ => throw new InvalidOperationException(),
    };

    public static async Task<RawRig> StartAsync(string kind, params string[] settings)
    {
        var database = await TestDatabase.CreateAsync("sqlite");
        var certificate = kind.EndsWith("TLS", StringComparison.Ordinal) ? TestCertificate.Create() : null;
        var upstream = new RawUpstream(certificate);
        var server = await StartServerAsync(
            kind,
            database,
            upstream,
            certificate is null ? null : await TrustAsync(database, certificate.ExportCertificatePem()),
            settings);
        return new RawRig(database, upstream, server, await server.SetUpWithKeyAsync());
    }

    /// <summary>Another user joins, and stores a key.</summary>
    /// <returns>The session token.</returns>
    public async Task<string> JoinAsync(string email)
    {
        using var invited = await _server.ApiAsync(HttpMethod.Post, "/api/v1/invites", _token, new { email, role = "member" });
        var link = new Uri(
            (await invited.Content.ReadFromJsonAsync<JsonElement>(Patience.Cancel)).GetProperty("url").GetString()!).AbsolutePath;
        using var browser = new PageClient(_server.Url);
        await browser.FillInAsync(link, link, ("name", "somebody"), ("password", TestServer.Password));
        await _server.StoreKeyAsync(browser.Session!);
        return browser.Session!;
    }

    /// <summary>What the log says about the exchange, for the message of a failing test.</summary>
    public string LinesOf(RawReply reply) =>
        string.Join('\n', Log.Split('\n').Where(
            line => reply.Header("x-tracevault-request-id") is { } id && line.Contains(id, StringComparison.Ordinal)));

    /// <returns>The line in the log about a request to the path.</returns>
    public Task<string> WaitForLogAsync(string path) =>
        ((TestServer)_server).Log.WaitForAsync($" /proxy/anthropic{path} ", Patience.Cancel);

    /// <summary>Makes a connection as a client does.</summary>
    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(_server.Url);

    /// <summary>The head of a request by the user, with the empty line at its end.</summary>
    /// <param name="path">The path that a script of the upstream is registered for.</param>
    /// <param name="lines">Further header lines.</param>
    public string Head(string path, string method = "POST", params string[] lines) => Head(_token, path, method, lines);

    /// <summary>Sends a small request on a connection of its own, and reads the answer.</summary>
    public Task<RawReply> CallAsync(string path, string method = "POST", params string[] lines) => CallAsync(_token, path, method, lines);

    /// <summary>Sends a small request as another user, and reads the answer.</summary>
    public Task<RawReply> CallAsAsync(string token, string path) => CallAsync(token, path, "POST", []);

    private string Head(string token, string path, string method, string[] lines) =>
        $"{method} /proxy/anthropic{path} HTTP/1.1\r\nHost: {_server.Url.Authority}\r\nx-api-key: {token}\r\n"
        + string.Concat(lines.Select(line => line + "\r\n")) + "\r\n";

    private async Task<RawReply> CallAsync(string token, string path, string method, string[] lines)
    {
        using var client = await ConnectAsync();
        await client.SendAsync(
            Head(token, path, method, method is "POST" ? [.. lines, "Content-Length: 2"] : lines) + (method is "POST" ? "{}" : ""));
        return await client.ReadReplyAsync(method);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await Upstream.DisposeAsync();
        await _database.DisposeAsync();
        if (Upstream.Faults.Count > 0)
        {
            throw new AggregateException("A script of the upstream failed.", Upstream.Faults);
        }
    }

    private static async Task<RunningServer> StartServerAsync(
        string kind, TestDatabase database, RawUpstream upstream, string? authority, string[] settings) =>
        kind switch
        {
            "here" => await TestServer.StartAsync(database, upstream.Url, settings: settings),
            _ => await PublishedServer.StartAsync(ServerProcess.Built, database, upstream.Url, authority, settings),
        };

    private static async Task<string> TrustAsync(TestDatabase database, string pem)
    {
        var file = Path.Combine(database.DataDirectory, "authority.pem");
        await File.WriteAllTextAsync(file, pem, Patience.Cancel);
        return file;
    }
}
