using System.Runtime.InteropServices;
using TraceVault.Accounts;
using TraceVault.FakeAnthropic;
using TraceVault.Hosting;
using TraceVault.Settings;

namespace TraceVault.Demo;

/// <summary><c>--demo</c>: the real server with a user, a key and a fake upstream; everything is deleted at the end.</summary>
internal static class DemoFeature
{
    public static readonly CommandSwitch Switch = new(
        "--demo", "Try it: fake upstream, temporary database, no key needed.", RunAsync);

    private static async Task<int> RunAsync(string[] args, WholeServer server)
    {
        var folder = Directory.CreateTempSubdirectory("tracevault-demo-");
        try
        {
            await using var upstream = await FakeAnthropicServer.StartAsync(new()
            {
                ApiKey = DemoAccount.AnthropicKey,
                Script = new WriteFileScript(),
                Text = DemoText.Answer,
                Pace = TimeSpan.FromMilliseconds(50),
                Record = false,
            });
            await using var app = server.Build(DemoSettings.Read(args, folder.FullName, upstream.Url));
            await server.StartAsync(app);
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true; // a closed terminal must not leave the folder behind
                app.Lifetime.StopApplication();
            });
            await ShowAsync(app);
            await app.WaitForShutdownAsync();
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task ShowAsync(WebApplication app)
    {
        var origin = app.Services.GetRequiredService<PublicUrl>().Origin;
        var setupToken = app.Services.GetRequiredService<SetupToken>().Reveal();
        using var account = new DemoAccount(new Uri(origin));
        try
        {
            await Console.Out.WriteLineAsync(DemoText.Welcome(origin));
            await account.CreateAsync(setupToken, app.Lifetime.ApplicationStopping);
            await foreach (var text in account.StreamAsync(DemoText.Request, app.Lifetime.ApplicationStopping))
            {
                await Console.Out.WriteAsync(text);
            }

            await Console.Out.WriteLineAsync(DemoText.HowToGoOn(origin, account));
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Ctrl-C before the end.
        }
    }
}
