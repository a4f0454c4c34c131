using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace TraceVault.Tests;

/// <summary>The real server in this process, on a free loopback port, with everything it logs kept in <see cref="Log"/>.</summary>
internal sealed class TestServer : RunningServer
{
    public const string SetupToken = "setup-token-of-the-tests";
    public const string Email = "owner@example.com", Password = "four random words";
    public const string AnthropicKey = "sk-ant-api03-canary-4f1d2a9be07c-not-a-real-key";

    /// <summary>A master key for tests alone.</summary>
    public const string MasterKey = "q7o2Wq3J6x0k1mYQe5s8dVn4b9hTfLrUzC2pXgA6iEw=";

    private readonly WebApplication _app;
    private readonly TestDatabase? _ownDatabase;

    private TestServer(WebApplication app, TestDatabase? ownDatabase, CapturedLog log)
        : base(
            new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First())) =>
        (_app, _ownDatabase, Log) = (app, ownDatabase, log);

    public CapturedLog Log { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="database">Null: a SQLite database of the server's own.</param>
    /// <param name="upstream">Null: nobody listens there.</param>
    /// <param name="clock">Null: the system's.</param>
    /// <param name="passwordIterations">
    /// A hundredth of what a real server takes, where a test does not look at it: most of the tests' time would go there.
    /// </param>
    /// <param name="replace">Puts other parts in place of the server's own.</param>
    /// <param name="settings">Further settings, as <c>--Name=value</c>; they win.</param>
    public static async Task<TestServer> StartAsync(
        TestDatabase? database = null,
        Uri? upstream = null,
        TimeProvider? clock = null,
        int passwordIterations = 2_000,
        Action<IServiceCollection>? replace = null,
        params string[] settings)
    {
        var own = database is null ? await TestDatabase.CreateAsync("sqlite") : null;
        database ??= own!;
        var log = new CapturedLog();
        var app = Program.Build(Arguments(database, upstream, settings), services =>
        {
            services.RemoveAll<ILoggerProvider>();
            services.AddSingleton<ILoggerProvider>(log);
            services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = passwordIterations);
            if (clock is not null)
            {
                services.Replace(ServiceDescriptor.Singleton(clock));
            }

            replace?.Invoke(services);
        });
        try
        {
            await app.StartServerAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new TestServer(app, own, log);
    }

    /// <summary>What a server of the tests is started with; see <see cref="StartAsync"/>.</summary>
    public static string[] Arguments(TestDatabase database, Uri? upstream, params string[] settings) =>
    [
        "--Urls=http://127.0.0.1:0",
        $"--DataDir={database.DataDirectory}",
        $"--Database={database.Setting}",
        $"--SetupToken={SetupToken}",
        $"--AnthropicUrl={upstream ?? new Uri("http://127.0.0.1:1")}",
        "--LogLevel=Trace",
        .. settings.Any(setting => setting.StartsWith("--EncryptionKey", StringComparison.Ordinal))
            ? []
            : (string[])[$"--EncryptionKey={MasterKey}"],
        .. settings,
    ];

    /// <summary>Stops as on SIGTERM, and lets go of the database.</summary>
    public async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _app.DisposeAsync();
        if (_ownDatabase is not null)
        {
            await _ownDatabase.DisposeAsync();
        }
    }
}
