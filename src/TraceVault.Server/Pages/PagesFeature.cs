using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TraceVault.Hosting;
using TraceVault.Vault;

namespace TraceVault.Pages;

internal static class PagesFeature
{
    public static WebApplicationBuilder AddPages(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorComponents();
        builder.Services.Replace(ServiceDescriptor.Singleton<IDataProtectionProvider, FormSeal>());
        // It would make the framework's own keys, in a folder in the home directory.
        builder.Services.Remove(builder.Services.Single(each => each.ImplementationType?.Name == "DataProtectionHostedService"));
        builder.Services.AddOptions<AntiforgeryOptions>().Configure<HostingOptions>((antiforgery, hosting) =>
        {
            var isHttps = PublicUrl.OfSettings(hosting).StartsWith("https:", StringComparison.Ordinal);
            antiforgery.Cookie = new FormCookie(isHttps) { HttpOnly = true, IsEssential = true, SameSite = SameSiteMode.Strict };
            antiforgery.FormFieldName = PageForm.TokenField;
            antiforgery.SuppressXFrameOptionsHeader = true; // PageHeaders sets it on every page
        });
        builder.Services.AddSingleton<PageHeaders>();
        builder.Services.AddSingleton<PageForms>();
        return builder;
    }

    /// <summary>Makes the endpoints, so that the first page does not have to wait for that.</summary>
    public static void PreparePages(this WebApplication app) => _ = app.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    /// <summary>Belongs before everything that answers a browser.</summary>
    public static void UsePageHeaders(this WebApplication app)
    {
        var headers = app.Services.GetRequiredService<PageHeaders>();
        app.Use((context, next) =>
        {
            headers.Add(context);
            return next(context);
        });
    }

    /// <summary>Belongs after the authorization, so that forms are read only from those who may send them.</summary>
    public static void UsePageForms(this WebApplication app)
    {
        var forms = app.Services.GetRequiredService<PageForms>();
        app.Use(next => context => forms.InvokeAsync(context, next));
    }

    public static void MapAssets(this WebApplication app)
    {
        foreach (var asset in PageAssets.All)
        {
            app.MapGet(asset.Path, asset.Serve);
        }
    }
}
