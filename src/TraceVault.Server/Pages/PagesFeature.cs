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
        // It would make keys of the framework's own, in a folder in the home directory.
        builder.Services.Remove(builder.Services.Single(each => each.ImplementationType?.Name == "DataProtectionHostedService"));
        builder.Services.AddOptions<AntiforgeryOptions>().Configure<HostingOptions>((antiforgery, hosting) =>
        {
            var isHttps = PublicUrl.OfSettings(hosting).StartsWith("https:", StringComparison.Ordinal);
            antiforgery.Cookie = new FormCookie(isHttps) { HttpOnly = true, IsEssential = true, SameSite = SameSiteMode.Strict };
            antiforgery.FormFieldName = PageForm.TokenField;
            antiforgery.SuppressXFrameOptionsHeader = true; // PageHeaders says it, on every page
        });
        builder.Services.AddSingleton<PageHeaders>();
        builder.Services.AddSingleton<PageForms>();
        return builder;
    }

    /// <summary>Loads what endpoints are made of, which the first page would wait for.</summary>
    public static void PreparePages(this WebApplication app) => _ = app.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    /// <summary>In front of everything that answers a browser.</summary>
    public static void UsePageHeaders(this WebApplication app)
    {
        var headers = app.Services.GetRequiredService<PageHeaders>();
        app.Use((context, next) =>
        {
            headers.Add(context);
            return next(context);
        });
    }

    /// <summary>Behind the authorization: nobody else's form is read.</summary>
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
