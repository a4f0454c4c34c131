using System.Security.Cryptography;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using TraceVault.Vault;

namespace TraceVault.Pages;

internal static class PagesFeature
{
    public static WebApplicationBuilder AddPages(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorComponents();
        builder.Services.AddDataProtection().SetApplicationName("tracevault");
        // It would read these keys before the server listens; PreparePages does it after that.
        builder.Services.Remove(builder.Services.Single(each => each.ImplementationType?.Name == "DataProtectionHostedService"));
        builder.Services.AddSingleton<DataProtectionStore>();
        builder.Services.AddSingleton<DataProtectionSeal>();
        builder.Services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(services => new ConfigureOptions<KeyManagementOptions>(keys =>
            (keys.XmlRepository, keys.XmlEncryptor) = (services.GetRequiredService<DataProtectionStore>(), services.GetRequiredService<DataProtectionSeal>())));
        builder.Services.Configure<AntiforgeryOptions>(antiforgery =>
        {
            antiforgery.Cookie.Name = "tv_form";
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            antiforgery.FormFieldName = PageForm.TokenField;
            antiforgery.SuppressXFrameOptionsHeader = true; // PageHeaders says it, on every page
        });
        builder.Services.AddSingleton<PageHeaders>();
        return builder;
    }

    /// <summary>Does what the first page would wait for, and not on a thread that serves sockets: loads what endpoints are made of, and reads or makes the key that protects forms.</summary>
    public static void PreparePages(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<EndpointDataSource>().Endpoints;
        try
        {
            app.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector(nameof(PreparePages)).Protect([]);
        }
        catch (CryptographicException)
        {
            // The database is away again: the first page tries once more.
        }
    }

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

    public static void MapAssets(this WebApplication app)
    {
        foreach (var asset in PageAssets.All)
        {
            app.MapGet(asset.Path, asset.Serve);
        }
    }
}
