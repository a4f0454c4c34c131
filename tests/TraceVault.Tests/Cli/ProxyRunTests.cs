using System.Diagnostics;

namespace TraceVault.Tests.Cli;

/// <summary>The built program, as a process of its own: it becomes the command it runs.</summary>
public sealed class ProxyRunTests : IDisposable
{
    private readonly CliMachine _machine = new CliMachine().SignedIn(expiresAt: "2999-01-01T00:00:00Z");

    public ProxyRunTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are those of a POSIX system.");

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task The_command_sees_the_proxy_and_no_left_over_key() => Assert.Equal(
        new(0, $"https://vault.example.com/proxy/anthropic {CliMachine.Token} gone\n", ""),
        await RunAsync(["sh", "-c", "echo $ANTHROPIC_BASE_URL $ANTHROPIC_AUTH_TOKEN ${ANTHROPIC_API_KEY-gone}"]));

    [Fact]
    public async Task The_command_is_not_sent_to_another_provider_past_the_proxy()
    {
        (
            _machine.Variables["CLAUDE_CODE_USE_BEDROCK"],
            _machine.Variables["CLAUDE_CODE_USE_VERTEX"],
            _machine.Variables["CLAUDE_CODE_USE_FOUNDRY"]) = ("1", "1", "1");
        Assert.Equal(new(1, "", ""), await RunAsync(["sh", "-c", "env | grep ^CLAUDE_CODE_USE_"]));
    }

    [Theory]
    [InlineData("http://127.0.0.1:3000", null, null, "127.0.0.1|127.0.0.1")]
    [InlineData("http://localhost:3000", "a.example", null, "a.example,localhost|a.example,localhost")]
    [InlineData("http://[::1]:3000", null, "b.example", "b.example,[::1],::1|b.example,[::1],::1")]
    [InlineData("http://127.0.0.1:3000", "a.example", "b.example", "a.example,127.0.0.1|b.example,127.0.0.1")]
    [InlineData("http://127.0.0.1:3000", "*", null, "*|*")]
    [InlineData("https://vault.example.com", "a.example", null, "a.example|gone")]
    public async Task A_server_on_this_machine_is_reached_without_an_http_proxy(
        string server, string? upper, string? lower, string expected)
    {
        (_machine.Variables["NO_PROXY"], _machine.Variables["no_proxy"]) = (upper ?? "", lower ?? "");
        _machine.SignedIn(server, "2999-01-01T00:00:00Z");
        Assert.Equal(new(0, expected, ""), await RunAsync(["sh", "-c", "printf '%s|%s' \"${NO_PROXY:-gone}\" \"${no_proxy:-gone}\""]));
    }

    [Theory]
    [InlineData("gsd", "", true)]
    [InlineData("GSD.sh", "", true)]
    [InlineData("other", "", false)]
    [InlineData("other", "--api-key", true)]
    [InlineData("pi", "", true)]
    public async Task A_tool_that_knows_only_the_api_key_is_given_the_token_there(string name, string option, bool given)
    {
        await TellPiAsync("https://vault.example.com/proxy/anthropic");
        var run = await RunAsync([await ToolAsync(name)], options: option);
        Assert.Equal(new(0, (given ? CliMachine.Token : "gone") + " gone\n", ""), run);
    }

    [Theory, InlineData(null), InlineData("https://api.anthropic.com")]
    public async Task Pi_which_would_take_the_token_past_the_proxy_is_not_given_it_and_the_way_is_shown(string? baseUrl)
    {
        if (baseUrl is not null)
        {
            await TellPiAsync(baseUrl);
        }

        var run = await RunAsync([await ToolAsync("pi")]);
        Assert.Equal((0, "gone gone\n"), (run.ExitCode, run.Out));
        Assert.Contains($"Put this into {_machine.Folder}/.pi/agent/models.json:\n", run.Error);
        Assert.Contains("\"baseUrl\": \"https://vault.example.com/proxy/anthropic\"", run.Error);
    }

    private async Task TellPiAsync(string baseUrl)
    {
        Directory.CreateDirectory(Path.Combine(_machine.Folder, ".pi", "agent"));
        await File.WriteAllTextAsync(
            Path.Combine(_machine.Folder, ".pi", "agent", "models.json"),
            $$"""{"providers":{"anthropic":{"baseUrl":"{{baseUrl}}"} } }""",
            Patience.Cancel);
    }

    /// <returns>A program of that name that shows what it was given as API key, and as Pi's other credential.</returns>
    private async Task<string> ToolAsync(string name)
    {
        var path = Path.Combine(_machine.Folder, name);
        await File.WriteAllTextAsync(
            path, "#!/bin/sh\necho \"${ANTHROPIC_API_KEY-gone} ${ANTHROPIC_OAUTH_TOKEN-gone}\"\n", Patience.Cancel);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }

    [Fact]
    public async Task Nodes_authorities_are_those_of_the_system_where_a_variable_names_them()
    {
        _machine.Variables["SSL_CERT_FILE"] = "/etc/own.pem";
        Assert.Equal(new(0, "/etc/own.pem", ""), await RunAsync(["sh", "-c", "printf %s \"$NODE_EXTRA_CA_CERTS\""]));
        _machine.Variables["NODE_EXTRA_CA_CERTS"] = "/etc/node.pem";
        Assert.Equal(new(0, "/etc/node.pem", ""), await RunAsync(["sh", "-c", "printf %s \"$NODE_EXTRA_CA_CERTS\""]));
    }

    [Fact]
    public async Task Arguments_and_streams_pass_through_untouched()
    {
        var bytes = "no final newline, \0 and \u00e9";
        Assert.Equal(
            new(0, bytes + "|--help|--json|--|@file|two words|", "to standard error"),
            await RunAsync(
                [
                    "sh", "-c", "cat; printf '|%s' \"$@\"; printf '|'; printf 'to standard error' >&2", "sh", "--help", "--json", "--",
                    "@file", "two words"
                ],
                bytes));
    }

    [Theory, InlineData("exit 7", 7), InlineData("exit 0", 0), InlineData("kill -TERM $$", 128 + 15), InlineData("kill -KILL $$", 128 + 9)]
    public async Task The_exit_code_is_the_commands(string script, int expected) =>
        Assert.Equal(expected, (await RunAsync(["sh", "-c", script])).ExitCode);

    [Fact]
    public async Task A_broken_pipe_ends_the_command_as_it_would_without_us() =>
        Assert.Equal(128 + 13, (await RunAsync(["sh", "-c", "kill -PIPE $$; exit 0"])).ExitCode);

    [Fact]
    public async Task A_signal_reaches_the_command()
    {
        using var process = Start(["sh", "-c", "trap 'exit 42' TERM; echo ready; read line"]);
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(Patience.Cancel));
        await Signals.TerminateAsync(process.Id, Patience.Cancel);
        await process.WaitForExitAsync(Patience.Cancel);
        Assert.Equal(42, process.ExitCode);
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_127() => Assert.Equal(
        new(127, "", "The command no-such-command was not found. Check its name, or give its full path.\n"),
        await RunAsync(["no-such-command"]));

    [Fact]
    public async Task A_file_that_is_no_program_is_126() => Assert.Equal(
        new(126, "", $"The command {_machine.CredentialsPath} can't be run: Permission denied.\n"),
        await RunAsync([_machine.CredentialsPath]));

    private async Task<Transcript> RunAsync(string[] command, string input = "", string options = "")
    {
        using var process = Start(command, options);
        var output = process.StandardOutput.ReadToEndAsync(Patience.Cancel);
        var error = process.StandardError.ReadToEndAsync(Patience.Cancel);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Patience.Cancel);
        return new(process.ExitCode, await output, await error);
    }

    private Process Start(string[] command, string options = "")
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "tracevault"),
            ["proxy", "run", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--", .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("NODE_EXTRA_CA_CERTS");
        foreach (var (name, value) in _machine.Variables)
        {
            start.Environment[name] = value;
        }

        start.Environment["ANTHROPIC_API_KEY"] = start.Environment["ANTHROPIC_OAUTH_TOKEN"] = "sk-ant-left-over";
        start.Environment["HOME"] = _machine.Folder;
        start.Environment["HTTPS_PROXY"] = "http://127.0.0.1:9"; // nobody: what would leave this machine fails at once
        start.Environment.Remove("TRACEVAULT_TOKEN");
        start.Environment.Remove("TRACEVAULT_SERVER_URL");
        return Process.Start(start)!;
    }
}
