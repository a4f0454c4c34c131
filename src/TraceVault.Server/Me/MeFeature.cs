namespace TraceVault.Me;

internal static class MeFeature
{
    public static void MapMe(this WebApplication app)
    {
        var me = app.MapGroup("/api/v1/me").RequireAuthorization();
        me.MapGet("", MeEndpoints.Get);
        me.MapGet("/anthropic-key", MeEndpoints.GetKeyAsync);
        me.MapPut("/anthropic-key", MeEndpoints.PutKeyAsync);
        me.MapDelete("/anthropic-key", MeEndpoints.DeleteKeyAsync);
        me.MapGet("/sessions", MeEndpoints.ListSessionsAsync);
        me.MapDelete("/sessions/{id}", MeEndpoints.EndSessionAsync);
        me.MapGet("/tokens", TokenEndpoints.ListAsync);
        me.MapPost("/tokens", TokenEndpoints.CreateAsync);
        me.MapDelete("/tokens/{id}", TokenEndpoints.RevokeAsync);
        me.AddEndpointFilter(async (context, next) =>
        {
            context.HttpContext.Response.Headers.CacheControl = "no-store";
            return await next(context);
        });
    }
}
