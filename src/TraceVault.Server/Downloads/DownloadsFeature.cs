using TraceVault.Pages;
using TraceVault.Settings;

namespace TraceVault.Downloads;

internal static class DownloadsFeature
{
    public static WebApplicationBuilder AddDownloads(this WebApplicationBuilder builder, SettingsReader settings)
    {
        builder.Services.AddSingleton(settings.Read<DownloadsOptions>());
        builder.Services.AddSingleton<CommandLineFiles>();
        return builder;
    }

    public static void MapDownloads(this WebApplication app)
    {
        app.MapPages("").MapGet("/downloads", DownloadPages.ShowAsync);
        app.MapMethods("/downloads/{file}", [HttpMethods.Get, HttpMethods.Head], DownloadPages.ServeAsync);
    }
}
