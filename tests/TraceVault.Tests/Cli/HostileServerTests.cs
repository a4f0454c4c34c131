using System.Text.Json;
using TraceVault.Cli;
using static TraceVault.Tests.Cli.SoundServer;

namespace TraceVault.Tests.Cli;

/// <summary>Whatever a server says reaches the terminal as text.</summary>
public sealed class HostileServerTests : IDisposable
{
    /// <summary>
    /// Clears the screen, sets the title by a C1 control, turns the direction of the writing, hides a tag, ends the line; and a letter that
    /// stays.
    /// </summary>
    private const string Hostile = "\u001b[2J\u009d0;é\u0007\u202e\u2066\u200b\U000e0041\u2028\r\n\u0000";

    private const string Shown = @"\u001b[2J\u009d0;é\u0007\u202e\u2066\u200b\udb40\udc41  \u0000";

    private static readonly string Json = JsonSerializer.Serialize(Hostile);

    private readonly CliMachine _machine = new() { Clock = new SteppingClock(TimeProvider.System.GetUtcNow()) };

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void What_is_no_text_is_spelled_out_and_our_own_words_are_not()
    {
        using var terminal = new StringWriter();
        var printer = new Printer(terminal, colours: true);
        printer.WriteLine($"one {Hostile}\ntwo {printer.Style.Red(Hostile)} {7}");
        printer.WriteLine(Hostile);
        Assert.Equal($"one {Shown}\ntwo \e[31m{Shown}\e[0m 7\n{Shown.Replace("  ", "\\u2028\\u000d\n")}\n", terminal.ToString());
    }

    [Theory]
    [InlineData("status")]
    [InlineData("status --json")]
    [InlineData("key status")]
    [InlineData("key remove")]
    [InlineData("logout")]
    [InlineData("login --server SERVER --email ada@example.com --password-stdin")]
    [InlineData("login --server SERVER --no-browser")]
    public async Task A_problem_in_its_words_and_in_the_names_of_its_fields(string line)
    {
        await using var server = await OddServer.StartAsync(context =>
            OddServer.ProblemAsync(context, 400, $$"""{"title":{{Json}},"detail":{{Json}},"errors":{ {{Json}}:[{{Json}}]} }"""));
        AssertText(await _machine.SignedIn(server.Url).PipeAsync(line.Replace("SERVER", server.Url), "secret"), 1);
    }

    [Theory, InlineData("status"), InlineData("status --json")]
    public async Task An_account(string line)
    {
        await using var server = await OddServer.StartAsync(context => OddServer.JsonAsync(context, context.Request.Path == "/api/v1/me"
            ? $$"""{"email":{{Json}},"name":{{Json}},"role":{{Json}}"""
                + ""","session":{"created_at":"2026-10-20T10:00:00Z","expires_at":"2999-01-01T00:00:00Z"} }"""
            : context.Request.Path == "/api/v1/me/capture"
            ? $$"""{"mode":{{Json}},"effective":{{Json}},"content_days":1,"usage_days":1,"others_content":{{Json}}}"""
            : """{"configured":false}"""));
        var run = await _machine.SignedIn(server.Url).RunAsync(line);
        AssertText(run, 0);
        if (line.EndsWith("--json", StringComparison.Ordinal))
        {
            Assert.Equal(Hostile, run.Json.GetProperty("email").GetString());
        }
    }

    [Fact]
    public async Task A_device_code_and_a_new_sign_in()
    {
        await using var server = await OddServer.StartAsync(
            context => OddServer.JsonAsync(context, context.Request.Path == Base + "/oauth/token"
                ? """{"access_token":"tvs_new","expires_in":60}"""
                : context.Request.Path == "/api/v1/me"
                ? $$"""{"id":"1","email":{{Json}},"role":"owner","session":"""
                    + """{"id":"1","created_at":"2026-11-20T10:00:00Z","expires_at":"2026-12-20T10:00:00Z"} }"""
                : $$"""{"device_code":"tvd_x","user_code":{{Json}},"verification_uri":{{Json}},"expires_in":60,"interval":1,"""
                    + $"\"login_notice\":{Json}}}"));
        var clock = new AwaitedClock(DateTimeOffset.Parse("2026-11-20T10:00:00Z"));
        using var machine = new CliMachine { Clock = clock };
        AssertText(await clock.PassAsync(machine.RunAsync($"login --server {server.Url}")), 0);
    }

    [Theory, InlineData(""), InlineData(" --json")]
    public async Task Everything_that_the_doctor_looks_at(string json)
    {
        await using var server = await StartAsync(context =>
        {
            context.Response.Headers["request-id"] = "Ã\u0085\u009b2J";
            context.Response.Headers["x-tracevault-error"] = Code(context) is null ? default : "\u009b31m";
            return Target(context) switch
            {
                "/readyz" => OddServer.ProblemAsync(context, 503, $$"""{"status":{{Json}},"reason":{{Json}}}"""),
                "/api/v1/me/anthropic-key" => OddServer.JsonAsync(context, Json),
                Base + "/v1/messages" when context.Request.ContentLength < 1000 => StreamAsync(context, $"event: {Hostile}\n\n"),
                Base + "/v1/models?limit=1" => OddServer.ProblemAsync(
                    context, 400, $$"""{"type":"error","error":{"type":{{Json}},"message":{{Json}} },"request_id":{{Json}}}"""),
                _ => null,
            };
        });
        AssertText(await _machine.SignedIn(server.Url).RunAsync("proxy doctor --stream" + json), 1);
    }

    private static void AssertText(Transcript run, int exitCode)
    {
        Assert.Equal(exitCode, run.ExitCode);
        Assert.DoesNotMatch(@"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}-[\n]]", run.Out + run.Error);
        Assert.Contains("\\u001b[2J", run.Out + run.Error, StringComparison.OrdinalIgnoreCase);
    }
}
