using TraceVault.Api;
using TraceVault.Capture.Parts;
using TraceVault.Capture.Policies;
using TraceVault.Capture.Recording;
using TraceVault.Capture.Retention;
using TraceVault.Capture.Spooling;
using TraceVault.Capture.Taping;
using TraceVault.Hosting;
using TraceVault.Pages;
using TraceVault.Settings;
using TraceVault.Storage;

namespace TraceVault.Capture;

internal static class CaptureFeature
{
    public static WebApplicationBuilder AddCapture(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<CaptureOptions>("Capture"));
        builder.Services.AddSingleton<Spool>();
        builder.Services.AddSingleton<RunningExchanges>();
        builder.Services.AddSingleton<RecorderQueue>();
        builder.Services.AddSingleton<CaptureState>();
        builder.Services.AddSingleton<Tapes>();
        builder.Services.AddSingleton<ExchangeRows>();
        builder.Services.AddSingleton<RecordingSteps>();
        builder.Services.AddHostedService<Recorder>();
        builder.Services.AddSingleton<IPartStore>(services => services.GetRequiredService<CaptureOptions>() switch
        {
            { Store: PartPlace.Database } => new DatabaseParts(services.GetRequiredService<Database>()),
            var options => new FolderParts(services.GetRequiredService<DataDirectory>(), options.Sync is not SpoolSync.Never),
        });
        builder.AddParts();
        builder.Services.AddSingleton<KeptBodies>();
        builder.Services.AddSingleton<Erasure>();
        builder.Services.AddExpiring<ExpiredTraces>();
        builder.Services.AddSingleton<PolicyRows>();
        builder.Services.AddSingleton<CapturePolicies>();
        builder.Services.AddSingleton<PolicyChanges>();
        builder.Services.AddHostedService<PolicyWatch>();
        builder.Services.AddJson(CaptureJson.Default);
        return builder;
    }

    /// <summary>Reads what is in force, before the first request.</summary>
    public static Task LoadCapturePolicyAsync(this WebApplication app, CancellationToken cancel = default) =>
        app.Services.GetRequiredService<CapturePolicies>().RenewAsync(cancel);

    /// <summary>Finds what an earlier process left, and makes room for what is recorded.</summary>
    public static void OpenSpool(this WebApplication app) => app.Services.GetRequiredService<Spool>().Open();

    public static void MapCapture(this WebApplication app)
    {
        var policy = app.MapApi("/capture");
        policy.MapGet("", CaptureEndpoints.Get);
        policy.MapPut("", CaptureEndpoints.PutAsync);
        var own = app.MapApi("/me/capture");
        own.MapGet("", CaptureEndpoints.GetOwn);
        own.MapPut("", CaptureEndpoints.PutOwnAsync);

        var mine = app.MapPrivatePages(PrivacyPages.Path);
        mine.MapGet("", PrivacyPages.Show);
        mine.MapPost("", PrivacyPages.ChooseAsync);
        var admin = app.MapAdminPages(PolicyPages.Path);
        admin.MapGet("", PolicyPages.Show);
        admin.MapPost("", PolicyPages.ChangeAsync);
    }
}
