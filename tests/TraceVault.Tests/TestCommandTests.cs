namespace TraceVault.Tests;

/// <summary>What <c>./test</c> tells whoever runs it, above all when it can't do its work.</summary>
public sealed class TestCommandTests : IDisposable
{
    private const string Wanted = "tests/clients/node_modules/.wanted",
        Settings = "etc/postgresql-common/createcluster.d/tracevault-test.conf";

    private readonly TestCommand _command = new();

    public TestCommandTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The command is a POSIX shell's.");

    public void Dispose() => _command.Dispose();

    [Fact]
    public async Task The_last_line_is_the_count_of_passed_and_failed_alone()
    {
        var run = await _command.RunAsync();

        Assert.Equal(0, run.ExitCode);
        Assert.EndsWith("\n2 skipped\n5 passed, 0 failed\n", run.Output);
    }

    [Theory]
    [InlineData("dotnet", null, "The .NET 10 SDK is missing")]
    [InlineData("dotnet", "exit 1", "The .NET 10 SDK is missing")]
    [InlineData("dotnet", "[ $1 != restore ]", "could not be restored")]
    [InlineData("dotnet", "[ $1 != build ]", "The build failed")]
    [InlineData("npm", "exit 1", "The clients could not be fetched")]
    [InlineData("node", "echo v18.19.0", "Node.js is too old: the TypeScript SDK needs version 20 or later, and this is v18.19.0")]
    [InlineData("node", "exit 1", "")]
    [InlineData("sha256sum", null, "")]
    public async Task Whatever_stops_it_early_counts_as_a_failure(string program, string? script, string says)
    {
        if (script is null)
        {
            _command.Remove(program);
        }
        else
        {
            _command.Program(program, script);
        }

        var run = await _command.RunAsync();

        Assert.NotEqual(0, run.ExitCode);
        Assert.Equal("0 passed, 1 failed", run.Output.TrimEnd('\n').Split('\n')[^1]);
        Assert.Contains(says, run.Errors);
    }

    [Theory, InlineData("node", "update"), InlineData("node", "install"), InlineData("chromium-headless-shell", "install")]
    public async Task What_apt_cannot_install_counts_as_a_failure_too(string program, string step)
    {
        _command.Remove(program);
        _command.Program("apt-get", $"[ $1 != {step} ]");
        var run = await _command.RunAsync();

        Assert.NotEqual(0, run.ExitCode);
        Assert.EndsWith("\n0 passed, 1 failed\n", "\n" + run.Output);
        Assert.Contains("no test ran", run.Errors);
    }

    [Theory, InlineData(null, null), InlineData("/opt/chromium", null), InlineData(null, "chromium")]
    public async Task Chromium_is_installed_unless_it_is_there_or_named(string? named, string? there)
    {
        _command.Remove("chromium-headless-shell");
        _command.Program("apt-get", "echo \"$@\" >>calls");
        if (named is not null)
        {
            _command.Environment["TEST_CHROMIUM"] = named;
        }

        if (there is not null)
        {
            _command.Program(there, "");
        }

        var run = await _command.RunAsync();

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(named is null && there is null, _command.Read("calls").Contains(" chromium-headless-shell fonts-dejavu-core"));
    }

    /// <summary>Left behind, the file would keep Debian from creating a cluster that somebody wants later.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task No_setting_of_PostgreSQLs_stays_behind(bool installs)
    {
        _command.Environment.Clear();
        _command.Program("apt-get", $"case \"$*\" in *' postgresql') [ -e {Settings} ] && : >seen; {(installs ? "" : "exit 1")} ;; esac");
        var run = await _command.RunAsync();

        Assert.Equal(installs, run.ExitCode == 0);
        Assert.True(_command.Has("seen"), run.ToString());
        Assert.False(_command.Has(Settings));
    }

    [Fact]
    public async Task A_client_that_npm_left_out_is_named_and_fetched_again()
    {
        _command.Program("npm", "echo fetched >>../../calls; mkdir -p node_modules");
        var run = await _command.RunAsync();
        await _command.RunAsync();

        Assert.Contains("Claude Code could not be fetched", run.Errors);
        Assert.False(_command.Has(Wanted));
        Assert.Equal(2, _command.Read("calls").Split('\n').Count(line => line == "fetched"));
    }

    [Fact]
    public async Task Clients_are_fetched_once_for_each_kind_of_machine()
    {
        _command.Program(
            "npm",
            "echo fetched >>../../calls; for kind in x64 arm64; do mkdir -p node_modules/@anthropic-ai/claude-code-linux-$kind; : "
                + ">node_modules/@anthropic-ai/claude-code-linux-$kind/claude; done");
        foreach (var machine in (string[])["x86_64", "x86_64", "aarch64"])
        {
            _command.Program("uname", $"echo {machine}");
            Assert.Equal(0, (await _command.RunAsync()).ExitCode);
        }

        Assert.Equal(2, _command.Read("calls").Split('\n').Count(line => line == "fetched"));
    }

    [Fact]
    public async Task Continuous_integration_lets_no_skipped_test_pass()
    {
        await _command.RunAsync(".ci/run");

        Assert.Contains("--fail-skips on", _command.Read("calls"));
        Assert.Contains("restore --verbosity quiet CI=true", _command.Read("calls"));
    }

    [Fact]
    public async Task A_key_adds_the_live_tests_and_nothing_else_that_is_explicit()
    {
        _command.Environment["ANTHROPIC_API_KEY"] = "sk-ant-none";
        await _command.RunAsync();

        Assert.DoesNotContain("--explicit", _command.Read("calls"));
        Assert.DoesNotContain("nightly=1", _command.Read("calls"));
    }

    [Fact]
    public async Task Publishes_what_the_tests_start_unless_only_some_tests_are_asked_for()
    {
        await _command.RunAsync();
        Assert.Contains("publish\n", _command.Read("calls"));
        await _command.RunAsync("test", "--nightly");
        await _command.RunAsync("test", "--filter-class", "*Some");
        Assert.Equal(2, _command.Read("calls").Split('\n').Count(line => line == "publish"));
    }

    /// <summary>Two processes that open a named pipe wait there for each other.</summary>
    [Fact]
    public async Task Builds_beside_publishing_and_tests_one_project_beside_the_other()
    {
        _command.Project("Another");
        _command.Publish("mkfifo meet; echo published; : <meet");
        _command.Program("dotnet", """
            case "$1 $3" in
              build*) until [ -e meet ]; do :; done; : >meet ;;
              *Some.csproj) mkfifo here && : <here; echo from Some ;;
              *Another.csproj) until [ -e here ]; do :; done; : >here; echo from Another ;;
            esac
            """);
        var run = await _command.RunAsync();

        Assert.Matches("(?s)published\n.*== Another\nfrom Another\n.*== Some\nfrom Some\n", run.Output);
    }

    [Fact]
    public async Task What_runs_beside_it_ends_with_it()
    {
        _command.Program("dotnet", """
            [ "$1" = test ] || exit 0
            mkfifo never ended
            (trap 'echo ended >ended; exit' TERM; (: <never) & kill -TERM $PPID; wait) & wait
            """);
        var run = await _command.RunAsync();

        Assert.Equal(143, run.ExitCode);
        Assert.EndsWith("\n0 passed, 1 failed\n", run.Output);
        Assert.Equal(
            "ended\n", await Task.Run(() => _command.Read("ended")).WaitAsync(Patience.Cancel)); // written by a child of what ran beside it
    }

    [Fact]
    public async Task The_nightly_run_is_asked_for()
    {
        await _command.RunAsync("test", "--nightly", "--filter-class", "*Some");

        Assert.Contains("--filter-class *Some CI= nightly=1", _command.Read("calls"));
        Assert.DoesNotContain("--nightly", _command.Read("calls"));
    }
}
