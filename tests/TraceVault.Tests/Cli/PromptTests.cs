using Microsoft.AspNetCore.Http;
using TraceVault.Cli;

namespace TraceVault.Tests.Cli;

public class PromptTests
{
    [Theory]
    [InlineData("secret\n", "secret")]
    [InlineData("secrex\bt\n", "secret")]
    [InlineData("\b\bwrong\x15right\n", "right")]
    [InlineData("a\U0001F511\bb\n", "ab")]
    [InlineData("tab\tis not text\n", "tabis not text")]
    [InlineData("\x04\n", null)]
    [InlineData("half\x03\n", null)]
    public void Reads_a_secret_key_by_key_without_echo(string typed, string? expected)
    {
        using var error = new StringWriter();
        var console = Terminal(error, new TypedKeys(typed, pasted: false));
        if (expected is null)
        {
            Assert.Throws<OperationCanceledException>(() => Prompt.AskSecret(console, "Password:", ""));
        }
        else
        {
            Assert.Equal(expected, Prompt.AskSecret(console, "Password:", "").Reveal());
        }

        Assert.Equal("Password: \n", error.ToString());
    }

    [Fact]
    public void Echoes_what_is_no_secret()
    {
        using var error = new StringWriter();
        Assert.Equal("ada", Prompt.Ask(Terminal(error, new TypedKeys("adx\ba \n", pasted: false)), "Name:", ""));
        Assert.Equal("Name: adx\b \ba \n", error.ToString());
    }

    [Theory]
    [InlineData("sk-ant-api03-0123\n456789abcdef\n", "spaces or line breaks")]
    [InlineData("sk-ant-api03-0123 456789abcdef\n", "spaces or line breaks")]
    [InlineData("sk-proj-0123456789abcdef\n", "a key of OpenAI or another provider: keys of Anthropic start with sk-ant-")]
    [InlineData("sk-ant-oat01-0123456789abcdef\n", "the token of a Claude subscription, not an API key")]
    [InlineData("sk-ant-admin01-0123456789abcdef\n", "an admin key, which sends no messages, not an API key")]
    [InlineData("sk-ant-sid01-0123456789abcdef\n", "the session of a browser at claude.ai, not an API key")]
    [InlineData("tvs_0123456789abcdef0123456789abcdef\n", "a token of TraceVault, not an API key")]
    [InlineData("sk-ant-api03-0123...cdef-xyzAA\n", "a key with its middle hidden")]
    [InlineData("sk-ant-api03-0123\u2026cdef-xyzAA\n", "a key with its middle hidden")]
    [InlineData("sk-ant-api03-0123*******cdefAA\n", "a key with its middle hidden")]
    [InlineData("sk-ant-\u00e9\u00e9\u00e90123456789abcdef\n", "characters that no key has")]
    [InlineData("sk-ant-short\n", "20 to 512")]
    [InlineData("\n", "No key was given.")]
    public async Task A_bad_key_is_refused_before_any_network_and_not_repeated(string text, string expected)
    {
        using var machine = new CliMachine().SignedIn("http://127.0.0.1:1");
        var pasted = await machine.TypeAsync("key set", text, pasted: true);
        var piped = await machine.PipeAsync("key set", text);
        foreach (var run in new[] { pasted, piped })
        {
            Assert.Equal((2, ""), (run.ExitCode, run.Out));
            Assert.Contains(expected, run.Error);
            Assert.DoesNotContain("0123", run.Error);
        }
    }

    [Fact]
    public async Task Ctrl_C_at_a_question_leaves_nothing_behind()
    {
        using var machine = new CliMachine();
        Assert.Equal(
            new(130, "", "Password: \n"),
            await machine.TypeAsync("login --server https://vault.example.com --email ada@example.com", "sec\x03"));
        Assert.Empty(Directory.GetFileSystemEntries(machine.Folder));
    }

    [Theory]
    [InlineData("login", "Password: \n")]
    [InlineData("setup", "Password: \nPassword again: \n")]
    public async Task A_terminal_is_asked_without_echo_even_when_the_password_was_to_be_piped(string command, string asked)
    {
        using var machine = new CliMachine();
        machine.Variables["TRACEVAULT_SETUP_TOKEN"] = "setup";
        await using var server = await OddServer.StartAsync(NoUserYetAsync);
        var run = await machine.TypeAsync($"{command} --server {server.Url} --email ada@example.com --password-stdin", "secret\nsecret\n");
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Equal(asked + "Not yet.\n", run.Error);
    }

    [Fact]
    public async Task Two_new_passwords_that_differ_are_asked_for_again()
    {
        using var machine = new CliMachine();
        machine.Variables["TRACEVAULT_SETUP_TOKEN"] = "setup";
        await using var server = await OddServer.StartAsync(NoUserYetAsync);
        var run = await machine.TypeAsync($"setup --server {server.Url} --email ada@example.com", "one\ntwo\none\ntwo\none\ntwo\n");
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.EndsWith("The two passwords differ. Nothing was created.\n", run.Error);
    }

    /// <summary>Takes any setup token, and refuses everything else.</summary>
    private static Task NoUserYetAsync(HttpContext context)
    {
        if (context.Request.Path != "/api/v1/auth/setup/check")
        {
            return OddServer.ProblemAsync(context, 400, """{"detail":"Not yet."}""");
        }

        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private static CliConsole Terminal(TextWriter error, KeyReader keys) => new()
    {
        Out = new(TextWriter.Null),
        Error = new(error),
        In = new(TextReader.Null),
        Keys = keys,
        Variable = _ => null,
    };
}
