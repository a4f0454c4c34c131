using TraceVault.Api;
using TraceVault.Hosting;
using TraceVault.Pages;
using TraceVault.Storage;

namespace TraceVault.Devices;

internal static class DevicesFeature
{
    public static WebApplicationBuilder AddDevices(this WebApplicationBuilder builder)
    {
        builder.Services.AddExpiring<DeviceAuthorizations>();
        builder.Services.AddSingleton<Places>();
        builder.Services.AddSingleton<DeviceGrant>();
        builder.Services.AddSingleton<SessionTokens>();
        builder.Services.AddReservedPaths(
            OAuthEndpoints.GatewayBase, OAuthEndpoints.Metadata, "/oauth/device_authorization", "/oauth/token", "/oauth/revoke");
        builder.Services.AddJson(DevicesJson.Default);
        return builder;
    }

    public static void MapDevices(this WebApplication app)
    {
        app.MapGet(OAuthEndpoints.Metadata, OAuthEndpoints.Describe);
        // RFC 8414 §3.1 puts the well-known path in front of the issuer's path.
        app.MapGet(OAuthEndpoints.Metadata + OAuthEndpoints.GatewayBase, OAuthEndpoints.Describe);
        var gateway = app.MapGroup(OAuthEndpoints.GatewayBase);
        gateway.MapGet(OAuthEndpoints.Metadata, OAuthEndpoints.Describe);
        var oauth = gateway.MapGroup("/oauth");
        var publicUrl = app.Services.GetRequiredService<PublicUrl>();
        oauth.AddEndpointFilter((context, next) => ForeignPages.Sent(context.HttpContext.Request, publicUrl)
            // A foreign page would use up the sign-ins of its reader's network.
            ? ValueTask.FromResult<object?>(OAuthEndpoints.Refuse(OAuthError.ForeignPage))
            : next(context));
        oauth.MapPost("/device_authorization", OAuthEndpoints.AuthorizeDeviceAsync);
        oauth.MapPost("/token", OAuthEndpoints.TokenAsync);
        oauth.MapPost("/revoke", OAuthEndpoints.RevokeAsync);

        var pages = app.MapPrivatePages("/auth");
        pages.MapGet("/device", DevicePages.ShowAsync);
        pages.MapPost("/device", DevicePages.DecideAsync);
    }
}
