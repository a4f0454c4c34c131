namespace TraceVault.Tests.Cli;

public sealed class UsageTests : IDisposable
{
    private readonly CliMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task An_unknown_command_is_wrong_usage_and_the_nearest_one_is_named()
    {
        var run = await _machine.RunAsync("proxy tokne");
        Assert.Equal(2, run.ExitCode);
        Assert.Empty(run.Out);
        Assert.EndsWith("\nDid you mean token?\nRun 'tracevault proxy --help' to see what it takes.\n", run.Error);
        Assert.DoesNotContain("tokne", run.Error);
    }

    [Theory]
    [InlineData("login", "Option '--server' is required: nobody has signed in here before.")]
    [InlineData("setup", "Option '--server' is required.")]
    [InlineData("proxy env --shell csh", "--shell takes one of: sh, fish, powershell.")]
    [InlineData("key set --max-concurrent 0", "--max-concurrent takes a number from 1 to 256.")]
    [InlineData("key set --max-concurrent 257", "--max-concurrent takes a number from 1 to 256.")]
    [InlineData("key set --max-concurrent many", "--max-concurrent takes a number from 1 to 256.")]
    [InlineData("key set sk-ant-in-the-process-list", "'tracevault key set' does not take")]
    [InlineData("proxy run", "Required argument missing")]
    [InlineData("proxy doctor --url gateway.example.com", "Give it with its scheme")]
    [InlineData("proxy doctor --url https://gateway.example.com/anthropic/v1/", "Use https://gateway.example.com/anthropic.")]
    [InlineData("proxy doctor --url http://gateway.example.com", "--allow-http")]
    public async Task Says_what_is_missing_or_wrong(string line, string expected)
    {
        var run = await _machine.RunAsync(line);
        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.Contains(expected, run.Error);
    }

    [Theory]
    [InlineData("sk-ant-hunter2")]
    [InlineData("key sk-ant-hunter2")]
    [InlineData("key set sk-ant-hunter2")]
    [InlineData("key set --max-concurrent hunter2")]
    [InlineData("key set --key=sk-ant-hunter2 --max-concurrent 8")]
    [InlineData("login --server https://vault.example.com --password hunter2", "Did you mean --password-stdin?")]
    [InlineData("login --server https://vault.example.com --password-stdin=hunter2")]
    [InlineData("setup --server https://vault.example.com --setup-token hunter2", "Did you mean --setup-token-file?")]
    [InlineData("setup --server https://vault.example.com --setup-token=hunter2", "Did you mean --setup-token-file?")]
    [InlineData("proxy env --shell hunter2")]
    [InlineData("proxy doctor hunter2")]
    [InlineData("proxy doctor --url https://ada:hunter2@gateway.example.com")]
    [InlineData("proxy doctor --url https://gateway.example.com?key=hunter2")]
    public async Task Never_repeats_what_could_be_a_secret(string line, string expected = "")
    {
        foreach (var run in new[] { await _machine.RunAsync(line), await _machine.RunAsync(line + " --json") })
        {
            Assert.Equal(2, run.ExitCode);
            Assert.Contains(expected, run.Out + run.Error);
            Assert.DoesNotContain("hunter2", run.Out + run.Error);
        }
    }

    [Fact]
    public async Task Does_not_repeat_a_setup_token_given_in_place_of_its_file() => Assert.Equal(
        new(2, "", "--setup-token-file names a file that does not exist.\n"),
        await _machine.RunAsync("setup --server https://vault.example.com --setup-token-file hunter2"));

    [Fact]
    public async Task Answers_wrong_usage_as_json_when_asked_for_json()
    {
        var run = await _machine.RunAsync("status --jsn --json");
        Assert.Equal((2, ""), (run.ExitCode, run.Error));
        var error = run.Json.GetProperty("error");
        Assert.Equal("usage", error.GetProperty("code").GetString());
        Assert.EndsWith(" Did you mean --json?", error.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("key")]
    [InlineData("proxy")]
    public async Task A_group_alone_shows_its_help_as_wrong_usage(string line)
    {
        var run = await _machine.RunAsync(line);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("Commands:", run.Out);
    }

    [Theory]
    [InlineData("setup")]
    [InlineData("login")]
    [InlineData("logout")]
    [InlineData("status")]
    [InlineData("key")]
    [InlineData("key set")]
    [InlineData("key status")]
    [InlineData("key remove")]
    [InlineData("proxy")]
    [InlineData("proxy info")]
    [InlineData("proxy env")]
    [InlineData("proxy token")]
    [InlineData("proxy run")]
    [InlineData("proxy doctor")]
    public async Task Every_command_explains_itself_with_examples(string line)
    {
        var run = await _machine.RunAsync(line + " --help");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Matches(@"Usage:\n  \S+ " + line, run.Out);
        Assert.Contains("\nExamples:\n  ", run.Out);
    }

    [Fact]
    public async Task The_example_for_the_token_keeps_it_out_of_arguments() => Assert.EndsWith(
        "\n  printf 'x-api-key: %s' \"$(tracevault proxy token)\" | curl -H @- https://tracevault.example.com/proxy/anthropic/v1/models\n"
            + "\n",
        (await _machine.RunAsync("proxy token --help")).Out);

    [Fact]
    public async Task Tells_its_version()
    {
        var run = await _machine.RunAsync("--version");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+", run.Out);
    }

    [Theory]
    [InlineData("login --server https://vault.example.com --email ada@example.com", "Add --password-stdin")]
    [InlineData("setup --server https://vault.example.com", "TRACEVAULT_SETUP_TOKEN")]
    public async Task Without_a_terminal_it_says_what_to_give_instead_of_an_answer(string line, string expected)
    {
        var run = await _machine.RunAsync(line);
        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.Contains(expected, run.Error);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("logout")]
    [InlineData("key status")]
    [InlineData("key remove")]
    [InlineData("proxy info")]
    [InlineData("proxy env")]
    [InlineData("proxy token")]
    [InlineData("proxy run -- true")]
    [InlineData("proxy doctor")]
    public async Task Everything_else_needs_a_sign_in(string line)
    {
        var run = await _machine.RunAsync(line);
        Assert.Equal(new(3, "", "You are not signed in. Run: tracevault login --server URL\n"), run);
    }
}
