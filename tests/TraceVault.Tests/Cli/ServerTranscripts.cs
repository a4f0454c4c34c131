namespace TraceVault.Tests.Cli;

/// <summary>A server that has no user yet.</summary>
public interface IEmptyServer : IAsyncDisposable
{
    /// <summary>Its origin, without a trailing slash.</summary>
    string Url { get; }

    string SetupToken { get; }
}

/// <summary>The command line against a server: what a person types and reads. A derived class says which server.</summary>
public abstract class ServerTranscripts : IAsyncLifetime
{
    private const string Email = "ada@example.com", Password = "correct horse battery staple", Key = "sk-ant-api03-0123456789abcdef";

    private readonly CliMachine _machine = new();
    private IEmptyServer _server = null!;

    /// <param name="clock">That of the machine: both must agree on when a session ends.</param>
    protected abstract Task<IEmptyServer> StartServerAsync(TimeProvider clock);

    public async ValueTask InitializeAsync() => _server = await StartServerAsync(_machine.Clock);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _machine.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Setup_asks_for_everything_and_signs_in()
    {
        var run = await _machine.TypeAsync($"setup --server {_server.Url}/", $"{_server.SetupToken}\n{Email}\n{Password}\n{Password}\n");
        Assert.Equal(
            (0, $"Setup token (the server printed it): \nEmail: {Email}\nPassword: \nPassword again: \n"), (run.ExitCode, run.Error));
        Assert.StartsWith($"Signed in as {Email} at {_server.Url} until ", run.Out);
        Assert.EndsWith("\nNext, store your Anthropic key: tracevault key set\n", run.Out);
        Assert.True(File.Exists(_machine.CredentialsPath));
    }

    [Fact]
    public async Task Setup_takes_its_token_from_a_file()
    {
        var file = Path.Combine(_machine.Folder, "setup-token");
        await File.WriteAllTextAsync(file, _server.SetupToken + "\n", Patience.Cancel);
        var run = await _machine.PipeAsync(
            $"setup --server {_server.Url} --email {Email} --name Ada --setup-token-file {file} --password-stdin", Password + "\n");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task A_second_setup_is_sent_to_login()
    {
        await SetUpAsync();
        var run = await _machine.PipeAsync($"setup --server {_server.Url} --email eve@example.com --password-stdin", Password);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.EndsWith($" Run: tracevault login --server {_server.Url}\n", run.Error);
    }

    [Fact]
    public async Task A_wrong_setup_token_creates_nobody()
    {
        _machine.Variables["TRACEVAULT_SETUP_TOKEN"] = "wrong";
        var run = await _machine.PipeAsync($"setup --server {_server.Url} --email {Email} --password-stdin", Password);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        await SetUpAsync();
    }

    [Fact]
    public async Task A_password_that_the_server_refuses_is_named()
    {
        _machine.Variables["TRACEVAULT_SETUP_TOKEN"] = _server.SetupToken;
        var run = await _machine.PipeAsync($"setup --server {_server.Url} --email {Email} --password-stdin", "short");
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains("\n  password: ", run.Error);
        Assert.False(File.Exists(_machine.CredentialsPath));
    }

    [Fact]
    public async Task Login_takes_a_typed_or_a_piped_password()
    {
        await SetUpAsync();
        var typed = await _machine.TypeAsync($"login --server {_server.Url} --email {Email}", $"{Password}\n");
        Assert.Equal((0, "Password: \n"), (typed.ExitCode, typed.Error));
        var piped = await _machine.PipeAsync($"login --server {_server.Url} --email {Email} --password-stdin", Password + "\n");
        Assert.Equal((0, ""), (piped.ExitCode, piped.Error));
        Assert.StartsWith($"Signed in as {Email} at {_server.Url} until ", piped.Out);
    }

    [Fact]
    public async Task A_login_ends_the_session_that_it_replaces()
    {
        await SetUpAsync();
        var replaced = (await _machine.RunAsync("proxy token")).Out.Trim();
        Assert.Equal(0, (await UseElsewhereAsync(replaced, "status")).ExitCode);
        Assert.Equal(0, (await _machine.PipeAsync($"login --server {_server.Url} --email {Email} --password-stdin", Password)).ExitCode);
        Assert.Equal(3, (await UseElsewhereAsync(replaced, "status")).ExitCode);
        Assert.Equal(0, (await _machine.RunAsync("status")).ExitCode);
    }

    [Fact]
    public async Task A_wrong_password_fails_and_keeps_the_old_sign_in()
    {
        await SetUpAsync();
        var run = await _machine.PipeAsync($"login --server {_server.Url} --email {Email} --password-stdin", "not the password");
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.NotEmpty(run.Error);
        Assert.Equal(0, (await _machine.RunAsync("status")).ExitCode);
    }

    [Fact]
    public async Task Status_tells_who_where_until_when_and_whether_there_is_a_key()
    {
        await SetUpAsync();
        var run = await _machine.RunAsync("status");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Matches(
            $"""
            ^Signed in as   {Email} \(owner\)
            Server         {_server.Url}
            Session        until \d\d\d\d-\d\d-\d\d \d\d:\d\d UTC
            Anthropic key  none\. Store one: tracevault key set
            Recording      usage, no content, for 400 days
            $
            """, run.Out);

        var json = (await _machine.RunAsync("status --json")).Json;
        Assert.Equal(Email, json.GetProperty("email").GetString());
        Assert.Equal(_server.Url, json.GetProperty("server_url").GetString());
        Assert.False(json.GetProperty("anthropic_key").GetProperty("configured").GetBoolean());
        Assert.Equal("usage", json.GetProperty("capture").GetProperty("effective").GetString());
    }

    [Fact]
    public async Task Status_renews_what_this_machine_knows_of_the_end()
    {
        await SetUpAsync();
        _machine.Clock.Advance(TimeSpan.FromDays(1));
        var run = await _machine.RunAsync("status");
        Assert.Contains("until 2026-12-21 10:00 UTC", run.Out);
        Assert.Contains("2026-12-21T10:00:00Z", await File.ReadAllTextAsync(_machine.CredentialsPath, Patience.Cancel));
    }

    [Fact]
    public async Task A_session_in_use_elsewhere_outlives_the_end_known_here()
    {
        await SetUpAsync();
        var token = (await _machine.RunAsync("proxy token")).Out;
        _machine.Clock.Advance(TimeSpan.FromDays(20));
        await UseElsewhereAsync(token.Trim(), "status");

        _machine.Clock.Advance(TimeSpan.FromDays(11));
        Assert.Equal(new(0, token, ""), await _machine.RunAsync("proxy token"));

        _machine.Clock.Advance(TimeSpan.FromDays(31)); // used by nobody
        Assert.Equal(
            new(3, "", $"Your sign-in at {_server.Url} ended on 2027-01-20 10:00 UTC. Run: tracevault login --server {_server.Url}\n"),
            await _machine.RunAsync("proxy token"));
    }

    [Fact]
    public async Task A_key_is_stored_shown_as_status_and_removed()
    {
        await SetUpAsync();
        Assert.Equal(
            new(0, "The key is stored. Try it: tracevault proxy run -- claude\n",
                "Anthropic key: \nAnthropic could not be asked whether it accepts the key. Check in a while: "
                    + "tracevault proxy doctor\n"), // nobody listens there
            await _machine.TypeAsync("key set", Key + "\n", pasted: true));
        Assert.Matches(
            @"^Anthropic key  stored since .* UTC, not used yet, at most 32 requests at once\n$",
            (await _machine.RunAsync("key status")).Out);
        Assert.Equal(
            new(0, "The key is stored. Try it: tracevault proxy run -- claude\n", ""),
            await _machine.PipeAsync("key set --max-concurrent 4 --store-anyway", Key + "\r\n"));
        Assert.Equal(new(0, "At most 5 of your requests run at once.\n", ""), await _machine.PipeAsync("key set --max-concurrent 5", ""));

        var json = await _machine.RunAsync("key status --json");
        Assert.Equal((true, 5), (json.Json.GetProperty("configured").GetBoolean(), json.Json.GetProperty("max_concurrent").GetInt32()));
        Assert.DoesNotContain("0123456789", json.Out);

        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(new(0, "No Anthropic key is stored any more.\n", ""), await _machine.RunAsync("key remove"));
        }

        Assert.Equal(new(0, "Anthropic key  none. Store one: tracevault key set\n", ""), await _machine.RunAsync("key status"));
    }

    [Fact]
    public async Task Logout_ends_the_session_everywhere()
    {
        await SetUpAsync();
        var token = (await _machine.RunAsync("proxy token")).Out.Trim();
        Assert.Equal(new(0, $"Signed out of {_server.Url}.\n", ""), await _machine.RunAsync("logout"));
        Assert.False(File.Exists(_machine.CredentialsPath));
        Assert.Equal(3, (await _machine.RunAsync("logout")).ExitCode);

        var run = await UseElsewhereAsync(token, "status");
        Assert.Equal((3, ""), (run.ExitCode, run.Out));
        Assert.EndsWith($"Run: tracevault login --server {_server.Url}\n", run.Error);
        Assert.Equal(
            new(0, "The session has ended. Unset TRACEVAULT_TOKEN and TRACEVAULT_SERVER_URL, which still hold it.\n", ""),
            await UseElsewhereAsync(token, "logout"));
    }

    /// <summary>Runs a command as on a machine that has nothing but the token, in its environment.</summary>
    private async Task<Transcript> UseElsewhereAsync(string token, string line)
    {
        using var elsewhere = new CliMachine();
        (elsewhere.Variables["TRACEVAULT_TOKEN"], elsewhere.Variables["TRACEVAULT_SERVER_URL"]) = (token, _server.Url);
        return await elsewhere.RunAsync(line);
    }

    private async Task SetUpAsync()
    {
        _machine.Variables["TRACEVAULT_SETUP_TOKEN"] = _server.SetupToken;
        var run = await _machine.PipeAsync($"setup --server {_server.Url} --email {Email} --password-stdin", Password);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }
}
