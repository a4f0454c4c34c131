using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Accounts;
using TraceVault.Gateway;
using TraceVault.Identity;
using TraceVault.Keys;
using TraceVault.Providers;
using TraceVault.Providers.Anthropic;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Providers;

/// <summary>
/// What the gateway knows about a provider is in one place. Here is another provider, of which the server has never heard.
/// </summary>
public class ProviderTests
{
    private const string Key = "parrot-key-0123456789";

    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Another_provider_is_proxied_beside_the_first(string engine)
    {
        await using var bench = await Bench.StartAsync(engine);
        var head = "";
        var path = bench.Upstream.Script(async request =>
        {
            head = request.Head;
            await request.ReadBodyAsync();
            await request.SendAsync(
                "HTTP/1.1 200 OK\r\nparrot-id: p-1\r\nparrot-mood: good\r\nserver: parrot\r\ncontent-length: 5\r\n\r\nhello");
        });

        using var client = await RawClient.ConnectAsync(bench.Server.Url);
        await client.SendAsync(
            $"POST /proxy/anthropic-parrot{path}?to=me HTTP/1.1\r\nHost: {bench.Server.Url.Authority}\r\nParrot-Token: {bench.Token}\r\n"
            + "X-Feather: red\r\nAnthropic-Beta: x\r\nContent-Length: 2\r\n\r\n{}");
        var reply = await client.ReadReplyAsync("POST");

        Assert.StartsWith($"POST {path}?to=me HTTP/1.1\r\n", head);
        Assert.Contains($"\r\nauthorization: Parrot {Key}\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\r\nx-feather: red\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("anthropic-beta", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(bench.Token, head);
        Assert.Equal((200, "hello", "good", null), (reply.Status, reply.Text, reply.Header("parrot-mood"), reply.Header("server")));
        await bench.Server.Log.WaitForAsync(
            $"/proxy/anthropic-parrot{path} ok status=200 upstream_status=200 upstream_request_id=p-1", Cancel);
        var first = await bench.CallAsync("/proxy/anthropic/v1/models", HttpStatusCode.BadGateway);
        Assert.Equal("api_error", first.GetProperty("error").GetProperty("type").GetString());
    }

    /// <summary>The gateway's own errors have the provider's form and name.</summary>
    [Fact]
    public async Task Its_errors_are_its_own()
    {
        await using var bench = await Bench.StartAsync("sqlite", key: null);

        var answer = await bench.CallAsync("/proxy/anthropic-parrot/talk", HttpStatusCode.Forbidden);

        Assert.StartsWith("No Parrot key is stored for you.", answer.GetProperty("squawk").GetString());
        var odd = await bench.CallAsync("/proxy/anthropic-parrot/a//b", HttpStatusCode.BadRequest);
        Assert.Equal("400", odd.GetProperty("code").GetString());
        Assert.Equal("here", (await bench.CallAsync("/proxy/anthropic-parrot/perch", HttpStatusCode.OK)).GetProperty("squawk").GetString());
    }

    /// <summary>
    /// A token in a header of another provider's clients is none here, and what an error says is for this provider's clients.
    /// </summary>
    [Fact]
    public async Task Its_clients_are_spoken_to_as_they_expect()
    {
        await using var bench = await Bench.StartAsync("sqlite");

        var ignored = await RawHttp.SendAsync(bench.Server.Url, "/proxy/anthropic-parrot/talk", Cancel, $"x-api-key: {bench.Token}");
        var wrong = await RawHttp.SendAsync(bench.Server.Url, "/proxy/anthropic-parrot/talk", Cancel, "parrot-token: tvs_wrong");
        var two = await RawHttp.SendAsync(
            bench.Server.Url, "/proxy/anthropic-parrot/talk", Cancel, $"parrot-token: {bench.Token}", "authorization: bearer tvs_wrong");

        Assert.All([ignored, wrong, two], answer => Assert.Equal(
            (401, "never", null), (answer.Status, answer.Header("parrot-again"), answer.Header("x-should-retry"))));
        Assert.Contains("then send the token as `Authorization: Bearer` or `parrot-token`.", ignored.Text);
        Assert.Contains("Sign in again with `tracevault login`; for a program, make another proxy token.", wrong.Text);
        Assert.Contains("Send one TraceVault token.", two.Text);
    }

    /// <summary>Clients of Anthropic's API are told what they have always been told.</summary>
    [Fact]
    public void The_clients_of_the_first_are_told_of_their_own_variables_and_commands()
    {
        var anthropic = new AnthropicProvider(new(), new());

        Assert.Equal(
            [
                "No TraceVault token was sent. Sign in with `tracevault login`, then send the token as `Authorization: Bearer` "
                    + "or `x-api-key`.",
                "This TraceVault token is not known, or it was ended or revoked. Sign in again as you did before: with `tracevault login`, "
                    + "or with /login in Claude Code; for a program, make another proxy token.",
                "Two different tokens were sent. Send one TraceVault token; unset ANTHROPIC_API_KEY when ANTHROPIC_AUTH_TOKEN is set.",
                "This TraceVault session expired at 1970-01-01T00:00:00Z. Sign in again as you did before: with `tracevault login`, "
                    + "or with /login in Claude Code.",
            ],
            [
                GatewayError.MissingToken(anthropic).Message,
                GatewayError.InvalidToken(anthropic).Message,
                GatewayError.ConflictingTokens(anthropic).Message,
                GatewayError.ExpiredToken(anthropic, TokenKind.Session, DateTimeOffset.UnixEpoch).Message,
            ]);
    }

    /// <summary>This one refuses a key with 418, and means something else by 401.</summary>
    [Theory]
    [InlineData("418 I'm a teapot", false, "Parrot does not know this key (418). Store another one.")]
    [InlineData("401 Unauthorized", null, "Parrot answered 401.")]
    [InlineData("200 OK", true, "It works: Parrot accepted the key.")]
    public async Task It_says_what_an_answer_means_for_the_key(string status, bool? accepted, string summary)
    {
        await using var bench = await Bench.StartAsync("sqlite");
        var path = bench.Upstream.Answer($"HTTP/1.1 {status}\r\ncontent-length: 24\r\n\r\n{{\"squawk\":\"who is that\"}}");
        bench.Parrot.TestPath = path;
        Assert.True(ProviderKey.TryParse(Key, bench.Parrot.KeyProblem, out var key, out _));

        var tried = await bench.Server.Services.GetRequiredService<TestRequest>().TryAsync(key, bench.Parrot, Cancel);
        await RawHttp.SendAsync(bench.Server.Url, "/proxy/anthropic-parrot" + path, Cancel, $"parrot-token: {bench.Token}");

        Assert.Equal((summary, accepted is false, accepted is true ? null : "who is that"), (tried.Summary, tried.IsRefused, tried.Said));
        await bench.Server.Log.WaitForAsync($"/proxy/anthropic-parrot{path} ok status={status[..3]}", Cancel);
        var notes = bench.Server.Services.GetRequiredService<Callers>().UnwrittenNotes();
        Assert.Equal(accepted is null ? [] : [accepted.Value], notes.Select(each => each.Note.Works));
    }

    [Fact]
    public void A_key_is_what_its_rule_takes()
    {
        var parrot = new Parrot(new Uri("https://parrot.test"));

        Assert.True(ProviderKey.TryParse($" {Key}\n", parrot.KeyProblem, out _, out _));
        Assert.False(ProviderKey.TryParse("sk-ant-api03-0123456789", parrot.KeyProblem, out _, out var problem));
        Assert.Equal("A parrot's key begins with parrot-.", problem);
        // Refused whatever the rule says, because it could not be sent.
        Assert.False(ProviderKey.TryParse("parrot-with a space", parrot.KeyProblem, out _, out _));
    }

    private sealed class Bench : IAsyncDisposable
    {
        private readonly TestDatabase _database;

        private Bench(TestDatabase database, RawUpstream upstream, Parrot parrot, TestServer server, string token) =>
            (_database, Upstream, Parrot, Server, Token) = (database, upstream, parrot, server, token);

        public RawUpstream Upstream { get; }

        public Parrot Parrot { get; }

        public TestServer Server { get; }

        public string Token { get; }

        public static async Task<Bench> StartAsync(string engine, string? key = Key)
        {
            var (database, upstream) = (await TestDatabase.CreateAsync(engine), new RawUpstream());
            var parrot = new Parrot(upstream.Url);
            var server = await TestServer.StartAsync(database, replace: services => services.AddSingleton<Provider>(parrot));
            var token = await server.SetUpWithKeyAsync();
            if (key is not null)
            {
                Assert.True(ProviderKey.TryParse(key, parrot.KeyProblem, out var parsed, out _));
                Assert.True(AccessToken.TryRead(token, out var presented));
                var session = (await server.Services.GetRequiredService<Sessions>().FindAsync(presented.Hash, Cancel))!;
                var actor = new Actor(session.UserId, session.Email, new Origin("test", null));
                await server.Services.GetRequiredService<ProviderKeys>().SaveAsync(
                    session.UserId, parrot.Name, session.Id, parsed, null, false, actor);
            }

            return new Bench(database, upstream, parrot, server, token);
        }

        public async Task<JsonElement> CallAsync(string path, HttpStatusCode expected)
        {
            var reply = await RawHttp.SendAsync(Server.Url, path, Cancel, $"authorization: Bearer {Token}");
            Assert.Equal((int)expected, reply.Status);
            return JsonElement.Parse(reply.Text[(reply.Head.Length + 4)..]);
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Upstream.DisposeAsync();
            await _database.DisposeAsync();
        }
    }

    /// <summary>A provider of which everything is different: paths, headers both ways, credential, errors, verdicts.</summary>
    private sealed class Parrot(Uri address) : Provider
    {
        public override string Name => "parrot";

        public override string Title => "Parrot";

        public override string BasePath => "/proxy/anthropic-parrot";

        public override Uri Address => address;

        public override string AddressSetting => "PARROT_URL";

        public override string RequestIdHeader => "parrot-id";

        public override string TokenHeader => "parrot-token";

        public string TestPath { get; set; } = "/perch";

        public override string TestTarget => TestPath;

        public override bool IsProbe(ReadOnlySpan<char> path) => path is "/perch";

        public override ReadOnlyMemory<byte> ProbeAnswer { get; } = """{"squawk":"here"}"""u8.ToArray();

        public override bool PassesOut(string header) => header.Equals("x-feather", StringComparison.OrdinalIgnoreCase);

        public override bool PassesBack(string header) =>
            header.StartsWith("parrot-", StringComparison.OrdinalIgnoreCase) || header is "content-length";

        public override void WriteCredential(HttpRequestHeaders to, ProviderKey key) =>
            to.TryAddWithoutValidation("authorization", $"Parrot {key.Reveal()}");

        public override void WriteTestHeaders(HttpRequestHeaders to)
        {
        }

        public override void WriteError(Utf8JsonWriter json, int status, string message, string requestId)
        {
            json.WriteStartObject();
            json.WriteString("squawk", message);
            json.WriteString("code", $"{status}");
            json.WriteEndObject();
        }

        public override void ForbidRetry(IHeaderDictionary to) => to["parrot-again"] = "never";

        public override string? ErrorMessage(string body) => JsonElement.Parse(body).GetProperty("squawk").GetString();

        public override bool? KeyVerdict(int status) => status switch { 418 => false, 200 => true, _ => null };

        public override string? KeyProblem(string text) =>
            text.StartsWith("parrot-", StringComparison.Ordinal) ? null : "A parrot's key begins with parrot-.";
    }
}
