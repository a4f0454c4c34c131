using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Capture.Policies;
using TraceVault.Cli;
using TraceVault.Tests.Clients;
using TraceVault.Tests.Devices;

namespace TraceVault.Tests.Cli;

/// <summary><c>tracevault login</c> without a password: a code that somebody approves in a browser.</summary>
public sealed class BrowserLoginTests : IAsyncLifetime
{
    private readonly AwaitedClock _clock = new(DateTimeOffset.Parse("2026-11-20T10:00:00Z"));
    private readonly CliMachine _machine;
    private readonly TaskCompletionSource<Uri> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TestServer _server = null!;
    private PageVisitor _person = null!;

    public BrowserLoginTests() => _machine = new CliMachine { Clock = _clock };

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(clock: _clock);
        _person = new PageVisitor(_server).SignedIn(await _server.SetUpAsync());
        _machine.OpenBrowser = url => _opened.SetResult(url);
    }

    public async ValueTask DisposeAsync()
    {
        _person.Dispose();
        _machine.Dispose();
        await _server.DisposeAsync();
    }

    private string Url => _server.Url.GetLeftPart(UriPartial.Authority);

    [Fact]
    public async Task Login_opens_the_page_and_signs_in_once_it_was_approved()
    {
        var login = _machine.RunAsync($"login --server {Url}");
        var page = await _opened.Task.WaitAsync(Patience.Cancel);
        await _person.DecideAsync(page.Query["?user_code=".Length..], "approve");
        var run = await _clock.PassAsync(login);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            $"""
            Open {page}
            and approve the code {page.Query["?user_code=".Length..]}.
            {RecordingTexts.LoginNotice(_server.Services.GetRequiredService<CapturePolicies>().Now.Policy, Url)}

            """,
            run.Error);
        Assert.StartsWith($"Signed in as {TestServer.Email} at {Url} until 2026-12-20 ", run.Out);
        var stored = JsonDocument.Parse(await File.ReadAllTextAsync(_machine.CredentialsPath, Patience.Cancel)).RootElement;
        Assert.Equal(["server_url", "token", "email", "expires_at"], stored.EnumerateObject().Select(member => member.Name));
        Assert.Equal(0, (await _machine.RunAsync("status")).ExitCode);
    }

    [Fact]
    public async Task Login_says_when_it_was_refused_and_stores_nothing()
    {
        var login = _machine.RunAsync($"login --server {Url}");
        await _person.DecideAsync((await _opened.Task.WaitAsync(Patience.Cancel)).Query["?user_code=".Length..], "refuse");
        var run = await _clock.PassAsync(login);

        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.EndsWith("The sign-in was refused. Nothing was stored.\n", run.Error);
        Assert.False(File.Exists(_machine.CredentialsPath));
    }

    [Fact]
    public async Task Login_gives_up_when_nobody_approves_in_time()
    {
        var run = await _clock.PassAsync(_machine.RunAsync($"login --server {Url} --no-browser"));

        Assert.Equal(1, run.ExitCode);
        Assert.EndsWith("The sign-in was not approved in time. Run the command again for a new code.\n", run.Error);
        Assert.False(_opened.Task.IsCompleted);
        Assert.False(File.Exists(_machine.CredentialsPath));
    }

    [Theory]
    [InlineData("DISPLAY", ":0", true)]
    [InlineData("WAYLAND_DISPLAY", "wayland-0", true)]
    [InlineData("HOME", "/root", false)]
    public void A_browser_is_opened_only_where_there_is_a_desktop(string name, string value, bool there)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere there is always a desktop.");
        var variables = new Dictionary<string, string> { [name] = value };
        Assert.Equal(there, Browser.Find(variables.GetValueOrDefault) is not null);
        variables["SSH_CONNECTION"] = "192.0.2.1 1 192.0.2.2 22";
        Assert.Null(Browser.Find(variables.GetValueOrDefault));
    }

    [Fact]
    public async Task Ctrl_C_withdraws_the_code_and_leaves_nothing_behind()
    {
        using var machine = new CliProcess();
        var start = new ProcessStartInfo(CliProcess.Executable, ["login", "--server", Url])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        ClientProcess.SetEnvironment(start, machine.Environment);
        using var login = Process.Start(start)!;
        var link = await login.StandardError.ReadLineAsync(Patience.Cancel);
        var code = (await login.StandardError.ReadLineAsync(Patience.Cancel))![^10..^1];

        // The code may be shown before the program listens for signals, and a shell that started the tests beside itself has it ignore this
        // one.
        for (var patience = Patience.Cancel; !login.HasExited;)
        {
            await Signals.InterruptAsync(login.Id, patience);
            await Task.WhenAny(login.WaitForExitAsync(patience), Task.Delay(TimeSpan.FromSeconds(10), patience));
        }

        Assert.Equal((130, ""), (login.ExitCode, await login.StandardOutput.ReadToEndAsync(Patience.Cancel)));
        Assert.EndsWith($"/auth/device?user_code={code}", link);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await _person.GetAsync($"/auth/device?user_code={code}")).Status);
        Assert.Empty(Directory.GetFileSystemEntries(machine.ConfigFolder));
    }
}
