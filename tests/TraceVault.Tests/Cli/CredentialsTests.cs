using System.Runtime.Versioning;
using TraceVault.Cli;

namespace TraceVault.Tests.Cli;

public sealed class CredentialsTests : IDisposable
{
    private readonly CliMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task Are_stored_for_the_owner_alone_and_replaced_in_one_step()
    {
        var file = Find(("TRACEVAULT_CONFIG_DIR", _machine.Folder))!;
        Assert.Null(
            await file.ReplaceAsync(new("https://one.example.com", new Secret("tvs_one"), "ada@example.com", DateTimeOffset.UnixEpoch)));
        Assert.Equal("https://one.example.com", (await file.ReplaceAsync(
            new("https://two.example.com", new Secret("tvs_two"), "ada@example.com", DateTimeOffset.UnixEpoch)))?.ServerUrl);

        Assert.Equal(_machine.CredentialsPath, file.Path);
        Assert.Equal(
            ["credentials.json", "credentials.lock", "last-server"],
            Directory.GetFiles(Path.GetDirectoryName(file.Path)!).Select(Path.GetFileName).Order());
        Assert.Equal(
            """
            {
              "server_url": "https://two.example.com",
              "token": "tvs_two",
              "email": "ada@example.com",
              "expires_at": "1970-01-01T00:00:00Z"
            }
            """, await File.ReadAllTextAsync(file.Path, Patience.Cancel));
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.All(
            Directory.GetFiles(Path.GetDirectoryName(file.Path)!),
            path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path)));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.GetDirectoryName(file.Path)!));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_file_that_others_could_read_is_closed_when_it_is_replaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        _machine.SignedIn();
        File.SetUnixFileMode(_machine.CredentialsPath, (UnixFileMode)0b110_100_100);
        await Find(("TRACEVAULT_CONFIG_DIR", _machine.Folder))!.ReplaceAsync(new("https://one.example.com", new Secret("tvs_one")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_machine.CredentialsPath));
    }

    [Fact]
    public async Task A_save_that_fails_says_so_and_leaves_nothing_behind()
    {
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, "tracevault"), "in the way", Patience.Cancel);
        var failure = await Assert.ThrowsAsync<CommandFailure>(() =>
            Find(("TRACEVAULT_CONFIG_DIR", _machine.Folder))!.ReplaceAsync(new("https://one.example.com", new Secret("tvs_one"))));
        Assert.Contains(_machine.CredentialsPath, failure.Message);
        Assert.DoesNotContain("tvs_one", failure.ToString());
        Assert.Single(Directory.GetFileSystemEntries(_machine.Folder));
    }

    [Fact]
    public void Lie_in_the_platforms_folder_unless_told_otherwise()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The expected paths are those of Linux.");
        Assert.Equal("/own/tracevault/credentials.json", Find(("TRACEVAULT_CONFIG_DIR", "/own"), ("XDG_CONFIG_HOME", "/xdg"))?.Path);
        Assert.Equal("/xdg/tracevault/credentials.json", Find(("XDG_CONFIG_HOME", "/xdg"), ("HOME", "/home/ada"))?.Path);
        Assert.Equal("/home/ada/.config/tracevault/credentials.json", Find(("XDG_CONFIG_HOME", "relative"), ("HOME", "/home/ada"))?.Path);
        Assert.Null(Find());
    }

    /// <summary>
    /// Several windows learn the new end of one session at once, while somebody signs in again: the file changes after they have read it
    /// and before they write it.
    /// </summary>
    [Fact]
    public async Task A_sign_in_is_never_overwritten_by_what_is_learned_of_the_one_before()
    {
        var file = Find(("TRACEVAULT_CONFIG_DIR", _machine.Folder))!;
        var old = new Credentials("https://one.example.com", new Secret("tvs_old"), "ada@example.com", DateTimeOffset.UnixEpoch);
        for (var round = 0; round < 40; round++)
        {
            await file.ReplaceAsync(old);
            using var together = new Barrier(4);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(each => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait(Patience.Cancel);
                    var other = Find(("TRACEVAULT_CONFIG_DIR", _machine.Folder))!;
                    return each == 0
                        ? other.ReplaceAsync(old with { Token = new Secret("tvs_new") })
                        : other.ConfirmAsync(old, DateTimeOffset.UnixEpoch.AddDays(each));
                },
                Patience.Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
            Assert.Equal("tvs_new", file.Load()!.Token.Reveal());
        }
    }

    [Fact]
    public async Task Whoever_changes_them_waits_for_their_turn()
    {
        _machine.SignedIn();
        var turn = await FileTurn.TakeAsync(Path.Combine(Path.GetDirectoryName(_machine.CredentialsPath)!, "credentials.lock"));
        var other = Find(("TRACEVAULT_CONFIG_DIR", _machine.Folder))!.ForgetAsync(
            new("https://vault.example.com", new Secret(CliMachine.Token)));
        Assert.False(other.IsCompleted);
        Assert.True(File.Exists(_machine.CredentialsPath));
        turn.Dispose();
        await other.WaitAsync(Patience.Cancel);
        Assert.False(File.Exists(_machine.CredentialsPath));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"server_url":"not a url","token":"tvs_x"}""")]
    [InlineData("""{"server_url":"https://vault.example.com","token":"tvs x\ny"}""")]
    public async Task A_damaged_file_is_named_and_not_repeated(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_machine.CredentialsPath)!);
        await File.WriteAllTextAsync(_machine.CredentialsPath, content, Patience.Cancel);
        var run = await _machine.RunAsync("proxy token");
        Assert.Equal(new(3, "", $"{_machine.CredentialsPath} is damaged. Sign in again: tracevault login --server URL\n"), run);
    }

    [Fact]
    public async Task The_environment_goes_before_the_file()
    {
        _machine.SignedIn().Variables["TRACEVAULT_SERVER_URL"] = "https://other.example.com/";
        _machine.Variables["TRACEVAULT_TOKEN"] = "tvp_from-the-environment";
        Assert.Equal(new(0, "tvp_from-the-environment\n", ""), await _machine.RunAsync("proxy token"));
        var info = await _machine.RunAsync("proxy info --json");
        Assert.Equal("https://other.example.com/proxy/anthropic", info.Json.GetProperty("base_url").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, info.Json.GetProperty("credentials_path").ValueKind);
    }

    [Theory]
    [InlineData("TRACEVAULT_TOKEN", "tvs_x", "TRACEVAULT_SERVER_URL is not")]
    [InlineData("TRACEVAULT_SERVER_URL", "https://vault.example.com", "TRACEVAULT_TOKEN is not")]
    public async Task Half_of_the_environment_is_an_error_even_when_the_file_is_there(string name, string value, string expected)
    {
        _machine.SignedIn().Variables[name] = value;
        var run = await _machine.RunAsync("proxy token");
        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.Contains(expected, run.Error);
    }

    [Theory]
    [InlineData("sk-ant-api03-not-for-here", "https://vault.example.com", "holds a provider's key")]
    [InlineData("tvs_two\nlines", "https://vault.example.com", "TRACEVAULT_TOKEN holds")]
    [InlineData("tvs_x", "http://vault.example.com", "--allow-http")]
    public async Task The_environment_is_checked_as_arguments_are(string token, string url, string expected)
    {
        (_machine.Variables["TRACEVAULT_TOKEN"], _machine.Variables["TRACEVAULT_SERVER_URL"]) = (token, url);
        var run = await _machine.RunAsync("proxy env");
        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.Contains(expected, run.Error);
        Assert.DoesNotContain(token, run.Error);
    }

    private static CredentialsFile? Find(params (string Name, string Value)[] variables)
    {
        var values = variables.ToDictionary(v => v.Name, v => v.Value);
        return CredentialsFile.Find(new CliConsole
        {
            Out = new(TextWriter.Null),
            Error = new(TextWriter.Null),
            In = new(TextReader.Null),
            Variable = name => values.GetValueOrDefault(name),
        });
    }
}
