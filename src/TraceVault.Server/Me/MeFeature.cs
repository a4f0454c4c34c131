using TraceVault.Api;
using TraceVault.Pages;

namespace TraceVault.Me;

internal static class MeFeature
{
    public static WebApplicationBuilder AddMe(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<KeyChange>();
        builder.Services.AddSingleton<ProxyPages>();
        builder.Services.AddJson(MeJson.Default);
        return builder;
    }

    public static void MapMe(this WebApplication app)
    {
        var me = app.MapApi("/me");
        me.MapGet("", MeEndpoints.Get);
        me.MapGet("/anthropic-key", MeEndpoints.GetKeyAsync);
        me.MapPut("/anthropic-key", MeEndpoints.PutKeyAsync);
        me.MapDelete("/anthropic-key", MeEndpoints.DeleteKeyAsync);
        me.MapGet("/sessions", MeEndpoints.ListSessionsAsync);
        me.MapDelete("/sessions", MeEndpoints.EndOtherSessionsAsync);
        me.MapDelete("/sessions/{id}", MeEndpoints.EndSessionAsync);
        me.MapGet("/tokens", TokenEndpoints.ListAsync);
        me.MapPost("/tokens", TokenEndpoints.CreateAsync);
        me.MapDelete("/tokens/{id}", TokenEndpoints.RevokeAsync);

        var pages = app.MapPrivatePages("/me");
        pages.MapGet("", () => Redirects.See(ReturnTarget.Start));
        pages.MapGet("/proxy/", ProxyPages.ShowAsync);
        pages.MapPost("/proxy/key", ProxyPages.StoreAsync);
        pages.MapPost("/proxy/cap", ProxyPages.CapAsync);
        pages.MapPost("/proxy/test", ProxyPages.TestAsync);
        pages.MapGet("/proxy/remove", ProxyPages.AskToRemove);
        pages.MapPost("/proxy/remove", ProxyPages.RemoveAsync);
        pages.MapGet("/sessions", SessionPages.ShowAsync);
        pages.MapPost("/sessions/end", SessionPages.EndAsync);
        pages.MapPost("/sessions/end-others", SessionPages.EndOthersAsync);
        pages.MapGet("/tokens", TokenPages.ShowAsync);
        pages.MapPost("/tokens", TokenPages.CreateAsync);
        pages.MapGet("/tokens/{id}/revoke", TokenPages.AskToRevokeAsync);
        pages.MapPost("/tokens/{id}/revoke", TokenPages.RevokeAsync);
    }
}
