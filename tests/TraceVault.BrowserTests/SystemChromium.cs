using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(TraceVault.BrowserTests.SystemChromium))]
[assembly: Parallelization(Mode = ParallelMode.All)] // each test has a server and a profile of its own

namespace TraceVault.BrowserTests;

/// <summary>The system's Chromium: one process for all tests, a profile of its own for each.</summary>
/// <remarks><c>TEST_CHROMIUM</c> names another executable. Playwright's package brings its driver along and fetches nothing.</remarks>
public sealed class SystemChromium : IAsyncLifetime
{
    /// <remarks>Milliseconds, for whatever a test waits for in a page. A busy machine has taken 15 seconds to show one.</remarks>
    private const int Longest = 60_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(Longest);
        _playwright = await Playwright.CreateAsync().WaitAsync(Patience.Cancel);
        // Without its sandbox, because it has none for root, and it shows pages of our own alone.
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Find(), ChromiumSandbox = false, Timeout = 60_000 });
    }

    /// <summary>A profile without cookies; disposing it closes its pages.</summary>
    public async Task<IBrowserContext> NewProfileAsync(Uri origin, bool javaScript)
    {
        var profile = await _browser!.NewContextAsync(new()
        {
            BaseURL = origin.AbsoluteUri,
            JavaScriptEnabled = javaScript,
            ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new() { Width = Screen.Desktop.Width, Height = Screen.Desktop.Height },
        });
        profile.SetDefaultTimeout(Longest);
        return profile;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("TEST_CHROMIUM") is { Length: > 0 } named)
        {
            return named;
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        // the first is the second without its windows, and takes half of the time
        string[] programs = ["chromium-headless-shell", "chromium"];
        return programs.SelectMany(program => folders.Select(folder => Path.Combine(folder, program))).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                "Chromium is not installed: run ./test, which installs it, or name its executable in TEST_CHROMIUM.");
    }
}
