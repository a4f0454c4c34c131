namespace TraceVault.Tests.Cli;

/// <summary>Where <c>login</c> and <c>setup</c> go.</summary>
public sealed class LoginTests : IDisposable
{
    private readonly CliMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task The_last_server_is_remembered_beyond_a_logout()
    {
        await using var server = await TestServer.StartAsync(clock: _machine.Clock);
        await server.SetUpAsync();
        var url = server.Url.GetLeftPart(UriPartial.Authority);
        var options = $"--email {TestServer.Email} --password-stdin";
        Assert.Equal(0, (await _machine.PipeAsync($"login --server {url}/me/proxy {options}", TestServer.Password)).ExitCode);
        Assert.Equal(0, (await _machine.RunAsync("logout")).ExitCode);

        var again = await _machine.PipeAsync($"login {options}", TestServer.Password);
        Assert.Equal((0, $"Signing in at {url}.\n"), (again.ExitCode, again.Error));
        Assert.StartsWith($"Signed in as {TestServer.Email} at {url} until ", again.Out);
    }

    [Fact]
    public async Task A_sign_in_of_an_earlier_version_remembers_its_server_too()
    {
        var run = await _machine.SignedIn("http://127.0.0.1:1").PipeAsync("login --email ada@example.com --password-stdin", "secret");
        Assert.StartsWith("Signing in at http://127.0.0.1:1.\nCan't reach http://127.0.0.1:1", run.Error);
    }

    [Fact]
    public async Task A_wrong_setup_token_is_said_before_anything_else_is_asked_for()
    {
        await using var server = await TestServer.StartAsync(clock: _machine.Clock);
        var run = await _machine.TypeAsync($"setup --server {server.Url.GetLeftPart(UriPartial.Authority)}", "guessed-in-vain\n");
        Assert.Equal(
            new(1, "", "Setup token (the server printed it): \nThe setup token is wrong. The server printed it when it started.\n"), run);
    }
}
