using System.Collections;
using OpenTelemetry.Metrics;
using TraceVault.Accounts;
using TraceVault.Api;
using TraceVault.Audit;
using TraceVault.Capture;
using TraceVault.Capture.Parts;
using TraceVault.Changes;
using TraceVault.Demo;
using TraceVault.Devices;
using TraceVault.Downloads;
using TraceVault.Gateway;
using TraceVault.Hosting;
using TraceVault.Keys;
using TraceVault.Logging;
using TraceVault.Me;
using TraceVault.Members;
using TraceVault.Operations;
using TraceVault.Pages;
using TraceVault.Providers;
using TraceVault.Settings;
using TraceVault.Storage;
using TraceVault.Traces;
using TraceVault.Vault;

namespace TraceVault;

/// <summary>The server: what it is made of, and in which order it starts.</summary>
internal static class Program
{
    /// <summary>What the program can do instead of serving; of several that are asked for, the first one here runs.</summary>
    private static readonly CommandSwitch[] Switches =
    [
        new("--help", "This text.", (_, _) => Help.WriteAsync(Switches!, DefaultSettings())),
        new("--version", "The version.", (_, _) => Help.WriteVersionAsync()),
        DemoFeature.Switch,
        ResetPasswordCommand.Switch,
    ];

    private static readonly WholeServer Whole = new(settings => Build(settings), StartServerAsync);

    public static async Task<int> Main(string[] args)
    {
        InlineSockets.Prepare();
        try
        {
            return Array.Find(Switches, each => args.Contains(each.Name)) is { } asked
                ? await asked.RunAsync([.. args.Where(argument => argument != asked.Name)], Whole)
                : await ServeAsync(args);
        }
        catch (StartupException problem)
        {
            return await FailAsync(problem.Message);
        }
        catch (Exception problem) when (Database.IsUnavailable(problem))
        {
            return await FailAsync($"The database became unavailable during the start: {problem.GetBaseException().Message}");
        }
    }

    private static async Task<int> FailAsync(string problem)
    {
        await Console.Error.WriteLineAsync($"tracevault-server: {problem}");
        return 1;
    }

    private static async Task<int> ServeAsync(string[] args)
    {
        await using var app = Build(args);
        await app.StartServerAsync();
        await app.AnnounceSetupAsync();
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>Builds the server with the settings of this process.</summary>
    internal static WebApplication Build(string[] args, Action<IServiceCollection>? replace = null) =>
        Build(SettingsReader.OfProcess(args), replace);

    internal static WebApplication Build(SettingsReader settings, Action<IServiceCollection>? replace = null)
    {
        var metrics = Task.Run(Metrics.Collect);
        try
        {
            var builder = Compose(settings);
            settings.RefuseUnknown();
            builder.Services.AddSingleton(_ => metrics.GetAwaiter().GetResult());
            replace?.Invoke(builder.Services);
            return builder.Build();
        }
        catch
        {
            _ = DropAsync(metrics);
            throw;
        }

        static async Task DropAsync(Task<MeterProvider> metrics) => (await metrics).Dispose();
    }

    internal static async Task StartServerAsync(this WebApplication app)
    {
        app.WarnOfSecretsInArguments();
        // One core prepares the database while another maps the endpoints: each is a seventh of the start.
        var prepared = Task.Run(app.PrepareAsync);
        app.Map();
        await prepared;
        await app.ListenAsync();
        app.WarnOfLocalLinks();
        app.WarnOfOpenFolder();
        await Task.Run(app.PreparePages); // requests are forwarded by now; whoever asks for a page already waits for this
    }

    private static async Task PrepareAsync(this WebApplication app)
    {
        app.LoadMasterKey();
        await app.MigrateAsync();
        await app.LoadCapturePolicyAsync();
        app.OpenSpool();
        await app.CheckKeysAsync();
        await app.CheckUserKeysAsync();
    }

    private static void Map(this WebApplication app)
    {
        app.WatchRefusals();
        app.UseGateway();
        app.UseTrustedProxies();
        app.UsePageHeaders();
        app.UseApiErrors();
        app.UseHealth();
        app.UseUnreadableRequests();
        app.UseRouting(); // called here, because the framework would put it in front of the proxy
        app.UseAuthentication();
        app.UseAuthorization();
        app.UsePageForms();
        app.MapProviders();
        app.MapAccounts();
        app.MapCapture();
        app.MapDevices();
        app.MapTraces();
        app.MapMe();
        app.MapMembers();
        app.MapAudit();
        app.MapOperations();
        app.MapDownloads();
        app.MapAssets();
    }

    /// <summary>The settings of every feature, whatever this process was started with.</summary>
    internal static IEnumerable<Setting> DefaultSettings()
    {
        var settings = new SettingsReader([], new Hashtable(), folder: null);
        Compose(settings);
        return settings.Settings;
    }

    /// <summary>In the order in which the features may use each other, except for the pages.</summary>
    private static WebApplicationBuilder Compose(SettingsReader settings) => SettingsFeature.CreateBuilder(settings)
        .AddHosting(settings)
        .AddLog(settings)
        .AddStorage(settings)
        .AddVault(settings)
        .AddChanges()
        .AddApi()
        .AddAccounts(settings)
        .AddPages() // after the accounts: it takes out the keys in clear that the framework's authentication brings along
        .AddKeys()
        .AddProviders(settings)
        .AddCapture(settings)
        .AddDevices()
        .AddGateway(settings)
        .AddTraces()
        .AddMembers()
        .AddMe()
        .AddAudit()
        .AddOperations(settings)
        .AddDownloads(settings);
}
