namespace TraceVault.Tests.Cli;

public sealed class ProxyCommandTests : IDisposable
{
    private readonly CliMachine _machine = new CliMachine().SignedIn();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task Token_prints_the_token_and_nothing_else() =>
        Assert.Equal(new(0, CliMachine.Token + "\n", ""), await _machine.RunAsync("proxy token"));

    [Theory, InlineData("token"), InlineData("env"), InlineData("run -- true")]
    public async Task A_session_that_cannot_be_checked_is_said_on_standard_error_and_is_no_missing_sign_in(string command)
    {
        const string Server = "http://127.0.0.1:1"; // nobody listens there
        _machine.SignedIn(Server).Clock.SetUtcNow(DateTimeOffset.Parse("2026-12-20T10:00:00Z"));
        Assert.Equal(
            new(
                1,
                "",
                $"Could not check whether your sign-in is still valid: Can't reach {Server}: nothing listens there. Check the URL and that "
                    + "the server is running.\n"),
            await _machine.RunAsync("proxy " + command));
    }

    [Theory]
    [InlineData(
        "sh", "export ANTHROPIC_BASE_URL='https://vault.example.com/proxy/anthropic';\nexport ANTHROPIC_AUTH_TOKEN='" + CliMachine.Token
        + "';\nunset ANTHROPIC_API_KEY;\n")]
    [InlineData(
        "fish", "set -gx ANTHROPIC_BASE_URL 'https://vault.example.com/proxy/anthropic';\nset -gx ANTHROPIC_AUTH_TOKEN '" + CliMachine.Token
        + "';\nset -e -g ANTHROPIC_API_KEY;\nset -qU ANTHROPIC_API_KEY; and echo 'ANTHROPIC_API_KEY is a universal variable, which "
        + "clients still see. "
        + "Erase it for good with: set -e -U ANTHROPIC_API_KEY' >&2;\n")]
    [InlineData(
        "powershell",
        "$env:ANTHROPIC_BASE_URL = 'https://vault.example.com/proxy/anthropic';\n$env:ANTHROPIC_AUTH_TOKEN = '" + CliMachine.Token
        + "';\nRemove-Item Env:ANTHROPIC_API_KEY -ErrorAction SilentlyContinue;\n")]
    public async Task Env_speaks_each_shell(string shell, string expected) => Assert.Equal(
        new(0, expected + "# ANTHROPIC_API_KEY is removed: clients would send a key left there along with the token.\n", ""),
        await _machine.RunAsync("proxy env --shell " + shell));

    [Fact]
    public async Task Info_shows_how_to_set_up_each_client_and_never_the_token()
    {
        var run = await _machine.RunAsync("proxy info");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("Base URL     https://vault.example.com/proxy/anthropic\n", run.Out);
        Assert.Contains($"Credentials  {_machine.CredentialsPath}\n", run.Out);
        Assert.Contains("\"apiKeyHelper\": \"tracevault proxy token\"", run.Out);
        Assert.Contains("baseURL: \"https://vault.example.com/proxy/anthropic\"", run.Out);
        Assert.Contains("base_url=\"https://vault.example.com/proxy/anthropic\"", run.Out);
        Assert.Contains("BaseUrl = \"https://vault.example.com/proxy/anthropic\"", run.Out);
        Assert.Contains("\"baseURL\": \"https://vault.example.com/proxy/anthropic/v1\"", run.Out);
        Assert.DoesNotContain(CliMachine.Token, run.Out);
    }

    [Fact]
    public async Task Info_as_json_holds_the_same_addresses()
    {
        var json = (await _machine.RunAsync("proxy info --json")).Json;
        Assert.Equal("https://vault.example.com/proxy/anthropic", json.GetProperty("base_url").GetString());
        Assert.Equal("https://vault.example.com/proxy/anthropic/v1", json.GetProperty("opencode_base_url").GetString());
        Assert.Equal(_machine.CredentialsPath, json.GetProperty("credentials_path").GetString());
        Assert.Equal("ada@example.com", json.GetProperty("email").GetString());
        Assert.Equal("2026-12-20T10:00:00Z", json.GetProperty("expires_at").GetString());
    }

    [Fact]
    public async Task Json_mode_answers_its_errors_as_json()
    {
        File.Delete(_machine.CredentialsPath);
        var run = await _machine.RunAsync("proxy info --json");
        Assert.Equal((3, ""), (run.ExitCode, run.Error));
        Assert.Equal("not_signed_in", run.Json.GetProperty("error").GetProperty("code").GetString());
    }
}
