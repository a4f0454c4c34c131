namespace TraceVault.Tests.Cli;

/// <summary>Another command changes the sign-in while this one waits for the server: the other change is kept.</summary>
public sealed class MeanwhileTests : IDisposable
{
    private const string Moved = "2026-12-25T00:00:00Z";

    private readonly CliMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task Status_does_not_undo_a_login()
    {
        await using var server = await StartAsync(Moved, LogIn);
        Assert.Equal(0, (await _machine.SignedIn(server.Url).RunAsync("status")).ExitCode);
        Assert.Contains("tvs_newer", await ReadFileAsync());
    }

    [Fact]
    public async Task Status_does_not_undo_a_logout()
    {
        await using var server = await StartAsync(Moved, () => File.Delete(_machine.CredentialsPath));
        Assert.Equal(0, (await _machine.SignedIn(server.Url).RunAsync("status")).ExitCode);
        Assert.False(File.Exists(_machine.CredentialsPath));
    }

    [Fact]
    public async Task Logout_does_not_forget_a_newer_sign_in()
    {
        await using var server = await StartAsync(Moved, LogIn);
        Assert.Equal(0, (await _machine.SignedIn(server.Url).RunAsync("logout")).ExitCode);
        Assert.Contains("tvs_newer", await ReadFileAsync());
    }

    [Theory, InlineData("2026-12-20T10:00:00.0009Z"), InlineData("2026-12-20T11:00:00.999+01:00")]
    public async Task Status_leaves_the_file_alone_while_the_end_stays_within_its_second(string end)
    {
        await using var server = await StartAsync(end, () => { });
        _machine.SignedIn(server.Url, "2026-12-20T10:00:00Z");
        var stored = await ReadFileAsync();
        Assert.Equal(0, (await _machine.RunAsync("status")).ExitCode);
        Assert.Equal(stored, await ReadFileAsync());
    }

    private void LogIn() =>
        File.WriteAllText(_machine.CredentialsPath, File.ReadAllText(_machine.CredentialsPath).Replace(CliMachine.Token, "tvs_newer"));

    private Task<string> ReadFileAsync() => File.ReadAllTextAsync(_machine.CredentialsPath, TestContext.Current.CancellationToken);

    private static Task<OddServer> StartAsync(string end, Action meanwhile) => OddServer.StartAsync(context =>
    {
        meanwhile();
        return OddServer.SessionAsync(context, end);
    });
}
