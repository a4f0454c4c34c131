using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using static TraceVault.Tests.Cli.SoundServer;

namespace TraceVault.Tests.Cli;

/// <summary>Servers that break one rule each: the doctor finds that one and no other.</summary>
public sealed class SickServerTests : IDisposable
{
    private readonly SteppingClock _clock = new(TimeProvider.System.GetUtcNow());
    private readonly CliMachine _machine;

    public SickServerTests() => _machine = new CliMachine { Clock = _clock };

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task Nothing_is_found_where_nothing_is_wrong()
    {
        var run = await ExamineAsync(_ => null);
        Assert.Equal(0, run.ExitCode);
        Assert.All(run.Lines, line => Assert.Equal(line.Check == "stream" ? "skip" : "ok", line.Result));
    }

    [Fact]
    public async Task Nothing_listens_there()
    {
        var server = await StartAsync(_ => null);
        await server.DisposeAsync();
        var run = (await ExamineAsync(server)).AssertOnly("fail", "reachable", "nothing listens there");
        Assert.Equal("ok", run["env-providers"].Result);
        Assert.All(
            run.Lines.SkipWhile(line => line.Check != "certificate").TakeWhile(line => line.Check != "stream"),
            line => Assert.Equal("skip", line.Result));
    }

    [Fact]
    public async Task The_token_goes_to_tracevault_or_nobody()
    {
        var sent = new List<string>();
        (await ExamineAsync(context =>
        {
            sent.Add(context.Request.Headers.Authorization.ToString() + context.Request.Headers["x-api-key"]);
            return WebPageAsync(context, 200);
        })).AssertOnly("fail", "reachable", "is not TraceVault (/healthz: HTTP 200, text/html)");
        Assert.Equal([""], sent);
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted()
    {
        await using var server = await OddServer.StartAsync(_ => Task.CompletedTask, tls: true);
        var run = (await ExamineAsync(server)).AssertOnly("fail", "reachable", "an authority that this machine does not trust");
        Assert.Contains("SSL_CERT_FILE", run["reachable"].Remedy);
        Assert.Contains("NODE_EXTRA_CA_CERTS", run["reachable"].Remedy);
    }

    [Fact]
    public async Task A_server_that_speaks_no_tls()
    {
        await using var server = await StartAsync(_ => null);
        var run = await ExamineAsync(server.Url.Replace("http:", "https:"));
        Assert.Contains("http://", run.AssertOnly("fail", "reachable", "No TLS connection")["reachable"].Remedy);
    }

    [Theory, InlineData("http"), InlineData("https")]
    public async Task Something_on_the_way_that_breaks_the_connection_off(string scheme)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var examining = ExamineAsync($"{scheme}://{listener.LocalEndpoint}");
        using (var connection = await listener.AcceptSocketAsync(Patience.Cancel))
        {
            await connection.ReceiveAsync(new byte[1], Patience.Cancel);
            connection.LingerState = new(true, 0);
        }

        (await examining).AssertOnly("fail", "reachable", "broke off the connection");
    }

    [Fact]
    public async Task Clocks_that_differ()
    {
        _clock.Advance(TimeSpan.FromMinutes(5));
        (await ExamineAsync(_ => null)).AssertOnly("warn", "clock", "seconds behind this machine's");
    }

    [Fact]
    public async Task A_server_that_is_not_ready() => (await ExamineAsync(context => Target(context) == "/readyz"
        ? OddServer.ProblemAsync(context, 503, """{"status":"unready","reason":"the database is unavailable"}""")
        : null)).AssertOnly("fail", "ready", "Not ready: the database is unavailable.");

    [Fact]
    public async Task A_server_that_is_ready_in_part() => (await ExamineAsync(context => Target(context) == "/readyz"
        ? OddServer.JsonAsync(context, """{"status":"degraded","reason":"1 of 3 stored keys cannot be opened","reasons":[]}""")
        : null)).AssertOnly("warn", "ready", "Ready in part: 1 of 3 stored keys cannot be opened.");

    [Fact]
    public async Task A_session_that_has_ended()
    {
        var run = (await ExamineAsync(context => Target(context) == "/api/v1/me" ? OddServer.ProblemAsync(context, 401, "{}") : null))
            .AssertOnly("fail", "session", "does not accept this sign-in");
        Assert.StartsWith("Run: tracevault login --server http", run["session"].Remedy);
        Assert.Equal("The sign-in is not accepted.", run["models"].Detail);
    }

    [Theory, InlineData("/api/v1/me", "session"), InlineData("/api/v1/me/anthropic-key", "anthropic-key")]
    public async Task An_api_that_answers_oddly(string path, string check) =>
        (await ExamineAsync(context => Target(context) == path ? OddServer.JsonAsync(context, "[]") : null)).AssertOnly(
            "fail", check, $"{path} answers HTTP 200");

    [Fact]
    public async Task A_key_that_Anthropic_refused_lately() =>
        (await ExamineAsync(context => Target(context) == "/api/v1/me/anthropic-key"
            ? OddServer.JsonAsync(context, """{"configured":true,"readable":true,"refused_at":"2026-11-19T10:00:00Z"}""") : null))
            .AssertOnly("warn", "anthropic-key", "Anthropic has refused the stored key since 2026-11-19 10:00 UTC");

    [Theory,
        InlineData("""{"configured":false}""", "No Anthropic key is stored."),
        InlineData("""{"configured":true,"readable":false}""", "can't be opened")]
    public async Task A_key_that_cannot_be_used(string json, string detail)
    {
        var run = (await ExamineAsync(context => Target(context) == "/api/v1/me/anthropic-key" ? OddServer.JsonAsync(context, json) : null))
            .AssertOnly("fail", "anthropic-key", detail);
        Assert.EndsWith("tracevault key set", run["anthropic-key"].Remedy);
        Assert.Contains(detail, run["models"].Detail);
    }

    [Theory,
        InlineData("", "probe-base", "HEAD"),
        InlineData("", "probe-base", "GET"),
        InlineData("/api/hello", "probe-hello", "HEAD"),
        InlineData("/api/hello", "probe-hello", "GET")]
    public async Task A_probe_that_is_turned_away(string path, string check, string method) =>
        (await ExamineAsync(
            context => Target(context) == Base + path && context.Request.Method == method ? WebPageAsync(context, 404) : null))
            .AssertOnly("fail", check, $"{method} answers HTTP 404 instead of 200.");

    [Theory]
    [InlineData("missing_token", "missing-token")]
    [InlineData("invalid_token", "invalid-token")]
    [InlineData("conflicting_tokens", "conflicting-tokens")]
    public async Task A_request_that_should_be_refused(string code, string check)
    {
        (await ExamineAsync(context => Code(context) == code ? ModelsAsync(context) : null)).AssertOnly(
            "fail", check, "Answered with HTTP 200");
        (await ExamineAsync(context => Code(context) == code ? WebPageAsync(context, 401) : null)).AssertOnly(
            "fail", check, "no error in Anthropic's form (text/html)");
        (await ExamineAsync(context => Code(context) == code ? ErrorAsync(context, 403, "authentication_error", code) : null))
            .AssertOnly("fail", check, "HTTP 403 instead of 401");
        (await ExamineAsync(context => Code(context) == code ? ErrorAsync(context, 401, "permission_error", code) : null))
            .AssertOnly("fail", check, "error.type permission_error instead of authentication_error");
        (await ExamineAsync(
            context => Code(context) == code ? ErrorAsync(context, 401, "authentication_error", code, shouldRetry: null) : null))
            .AssertOnly("fail", check, "no x-should-retry: false");
        (await ExamineAsync(context => Code(context) == code ? ErrorAsync(context, 401, "authentication_error", null) : null))
            .AssertOnly("fail", check, $"x-tracevault-error is missing instead of {code}");
        (await ExamineAsync(context => Code(context) == code ? ErrorAsync(context, 401, "authentication_error", code, id: "req_2") : null))
            .AssertOnly("fail", check, "request_id is not that of x-tracevault-request-id");
    }

    [Theory]
    [InlineData("/v1/../v1/models")]
    [InlineData("/v1/./models")]
    [InlineData("/v1/%2e%2e/v1/models")]
    [InlineData("/v1/.%2E/v1/models")]
    [InlineData("/v1%2fmodels")]
    [InlineData("/v1%5cmodels")]
    [InlineData(@"/v1\models")]
    [InlineData("/v1//models")]
    public async Task A_path_that_is_let_through(string path) =>
        (await ExamineAsync(context => Target(context) == Base + path ? ModelsAsync(context) : null)).AssertOnly(
            "fail", "bad-paths", $"Not refused with 400: {path}: HTTP 200.");

    [Fact]
    public async Task A_body_that_is_not_refused_by_its_length() =>
        (await ExamineAsync(context => IsLarge(context) ? ErrorAsync(context, 400, "invalid_request_error", null) : null))
            .AssertOnly("fail", "body-limit", "answered with HTTP 400 instead of 413");

    [Fact]
    public async Task A_body_that_is_waited_for() =>
        (await ExamineAsync(context => IsLarge(context) ? NeverAsync(context) : null)).AssertOnly(
            "fail", "body-limit", "the server waits for it");

    [Fact]
    public async Task A_body_that_is_refused_in_front_of_the_server_is_refused() =>
        Assert.Contains(
            "by something in front",
            (await ExamineAsync(context => IsLarge(context) ? WebPageAsync(context, 413) : null))["body-limit"].Detail);

    [Fact]
    public async Task An_upstream_that_is_not_reached()
    {
        var run = (await ExamineAsync(context => IsReal(context) ? ErrorAsync(context, 502, "api_error", "upstream_unreachable") : null))
            .AssertOnly("fail", "models", "TraceVault itself answered (upstream_unreachable): HTTP 502, api_error: No.");
        Assert.Contains("TRACEVAULT_ANTHROPIC_URL", run["models"].Remedy);
        Assert.Equal("skip", run["response-headers"].Result);
    }

    [Theory,
        InlineData(401, "tracevault key set"),
        InlineData(403, "console"),
        InlineData(429, "Wait"),
        InlineData(529, "Try again later"),
        InlineData(404, "in front")]
    public async Task An_error_of_anthropics_is_shown(int status, string remedy)
    {
        var run = await ExamineAsync(context =>
        {
            context.Response.Headers["request-id"] = "req_1";
            return IsReal(context) ? ErrorAsync(context, status, "some_error", null, message: "Anthropic's own words.") : null;
        });
        Assert.Contains(
            remedy,
            run.AssertOnly("fail", "models", $"Anthropic answered HTTP {status}, some_error: Anthropic's own words.")["models"].Remedy);
    }

    [Fact]
    public async Task A_secret_that_the_server_repeats_is_not_shown()
    {
        var run = await ExamineAsync(context => IsReal(context)
            ? ErrorAsync(context, 400, "some_error", null, message: $"{new string('x', 420)} {CliMachine.Token} is \\u001b[2J no key.")
            : null);
        var said = run["models"].Detail;
        Assert.Contains("[secret] is \u001b[2J", said);
        Assert.DoesNotContain("tvs_", said);
    }

    [Theory, InlineData("request-id"), InlineData("x-tracevault-request-id")]
    public async Task A_header_that_is_lost(string name) =>
        (await ExamineAsync(context => IsReal(context) ? ModelsAsync(context, without: name) : null)).AssertOnly(
            "fail", "response-headers", $"{name} is missing");

    [Theory, InlineData("set-cookie", "fail"), InlineData("content-encoding", "fail"), InlineData("server", "warn")]
    public async Task A_header_that_nobody_wants(string name, string result) => (await ExamineAsync(context =>
    {
        if (!IsReal(context))
        {
            return null;
        }

        context.Response.Headers[name] = "x=1";
        return ModelsAsync(context);
    })).AssertOnly(result, "response-headers", name);

    [Theory]
    [InlineData("event: message_start\n\nevent: ping\n\n", "text/event-stream", "The stream ended after ping instead of message_stop.")]
    [InlineData("", "text/event-stream", "The stream ended after nothing instead of message_stop.")]
    [InlineData(
        "event: message_start\n\nevent: message_stop\n\n", "text/plain", "The content type is text/plain instead of text/event-stream.")]
    public async Task A_stream_that_is_not_as_clients_need_it(string events, string type, string detail) =>
        (await ExamineAsync(context => IsMessage(context) ? StreamAsync(context, events, type) : null, "--stream"))
            .AssertOnly("fail", "stream", detail);

    [Fact]
    public async Task A_stream_that_something_held_back_to_its_end() => (await ExamineAsync(
        context =>
        {
            if (!IsMessage(context))
            {
                return null;
            }

            _ = (_clock.GetTimestamp(), _clock.GetTimestamp(), _clock.GetTimestamp()); // as long as a model thinks
            return StreamAsync(context);
        },
        "--stream")).AssertOnly("fail", "stream", "All events came at once: 2 events");

    [Fact]
    public async Task A_stream_that_came_at_once_from_no_model_tells_nothing()
    {
        var run = await ExamineAsync(context => IsMessage(context) ? StreamAsync(context) : null, "--stream");
        Assert.Equal(("skip", 0), (run["stream"].Result, run.ExitCode));
        Assert.Contains("no model writes that fast", run["stream"].Detail);
    }

    /// <summary>As through a buffer that is passed on when it is full.</summary>
    [Fact]
    public async Task A_stream_in_clusters() => (await ExamineAsync(
        context => !IsMessage(context) ? null : Task.Run(async () =>
        {
            await StreamAsync(context, string.Concat(Enumerable.Repeat("event: content_block_delta\n\n", 8)));
            await context.Response.Body.FlushAsync();
            await _clock.TakenAsync(); // of the request
            await _clock.TakenAsync(); // of the first cluster
            await StreamAsync(context);
        }),
        "--stream")).AssertOnly("warn", "stream", "Events came in clusters: 10 events in 2 pieces");

    [Fact]
    public async Task A_model_that_is_not_known()
    {
        var run = await ExamineAsync(
            context => IsMessage(context) ? ErrorAsync(context, 404, "not_found_error", null, message: "model: x") : null, "--stream");
        Assert.Contains(
            "ANTHROPIC_DEFAULT_HAIKU_MODEL", run.AssertOnly("fail", "stream", "HTTP 404, not_found_error: model: x")["stream"].Remedy);
    }

    [Fact]
    public async Task A_server_that_never_answers() =>
        (await ExamineAsync(context => IsReal(context) ? NeverAsync(context) : null)).AssertOnly(
            "fail", "models", "No answer came within 10 seconds.");

    [Fact]
    public async Task A_server_that_hangs_up() => (await ExamineAsync(context =>
    {
        if (!IsReal(context))
        {
            return null;
        }

        context.Abort();
        return Task.CompletedTask;
    })).AssertOnly("fail", "models", "broke off the connection");

    [Theory]
    [InlineData(
        "ANTHROPIC_BASE_URL",
        "https://ada:hunter2@elsewhere.example.com/x",
        "env-base-url",
        "names another address (https://elsewhere.example.com)")]
    [InlineData("ANTHROPIC_BASE_URL", "SERVER/proxy/anthropic/v1", "env-base-url", "ends in /v1")]
    [InlineData("ANTHROPIC_API_KEY", "sk-ant-hunter2", "env-credentials", "ANTHROPIC_API_KEY is set")]
    [InlineData("ANTHROPIC_AUTH_TOKEN", "tvs_hunter2", "env-credentials", "holds a token other than")]
    [InlineData("CLAUDE_CODE_USE_BEDROCK", "1", "env-providers", "CLAUDE_CODE_USE_BEDROCK")]
    [InlineData("CLAUDE_CODE_USE_VERTEX", "1", "env-providers", "CLAUDE_CODE_USE_VERTEX")]
    [InlineData("CLAUDE_CODE_USE_FOUNDRY", "1", "env-providers", "CLAUDE_CODE_USE_FOUNDRY")]
    public async Task A_variable_that_makes_clients_bypass_the_gateway(string name, string value, string check, string detail)
    {
        await using var server = await StartAsync(_ => null);
        _machine.Variables[name] = value.Replace("SERVER", server.Url);
        Assert.DoesNotContain("hunter2", (await ExamineAsync(server)).AssertOnly("warn", check, detail)[check].ToString());
    }

    [Fact]
    public async Task Two_credentials_that_differ()
    {
        (_machine.Variables["ANTHROPIC_AUTH_TOKEN"], _machine.Variables["ANTHROPIC_API_KEY"]) = (CliMachine.Token, "sk-ant-other");
        (await ExamineAsync(_ => null)).AssertOnly("warn", "env-credentials", "are both set and differ");
    }

    private static bool IsMessage(HttpContext context) => Target(context) == Base + "/v1/messages" && !IsLarge(context);

    private static bool IsLarge(HttpContext context) => context.Request.ContentLength > 1 << 20;

    private static Task WebPageAsync(HttpContext context, int status)
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, "text/html");
        return context.Request.Method == "HEAD" ? Task.CompletedTask : context.Response.WriteAsync("<html>");
    }

    /// <summary>Lets the doctor's time run out once the request is there.</summary>
    private Task NeverAsync(HttpContext context)
    {
        _clock.Advance(TimeSpan.FromSeconds(10));
        return Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private async Task<DoctorRun> ExamineAsync(Func<HttpContext, Task?> spoil, string options = "")
    {
        await using var server = await StartAsync(spoil);
        return await ExamineAsync(server, options);
    }

    private Task<DoctorRun> ExamineAsync(OddServer server, string options = "") => ExamineAsync(server.Url, options);

    private async Task<DoctorRun> ExamineAsync(string url, string options = "") =>
        DoctorRun.Of(await _machine.SignedIn(url).RunAsync($"proxy doctor --json {options}").WaitAsync(Patience.Cancel));
}
