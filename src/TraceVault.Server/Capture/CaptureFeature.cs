using TraceVault.Api;
using TraceVault.Capture.Parts;
using TraceVault.Capture.Policies;
using TraceVault.Capture.Spooling;
using TraceVault.Pages;
using TraceVault.Settings;

namespace TraceVault.Capture;

internal static class CaptureFeature
{
    public static WebApplicationBuilder AddCapture(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<CaptureOptions>("Capture"));
        builder.Services.AddSingleton<Spool>();
        builder.AddParts();
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
