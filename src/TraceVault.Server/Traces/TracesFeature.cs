using TraceVault.Api;

namespace TraceVault.Traces;

internal static class TracesFeature
{
    public static WebApplicationBuilder AddTraces(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TraceReader>();
        builder.Services.AddJson(TracesJson.Default);
        return builder;
    }

    public static void MapTraces(this WebApplication app)
    {
        var traces = app.MapApi("/traces");
        traces.MapGet("", TraceEndpoints.ListAsync);
        traces.MapGet("/{id}", TraceEndpoints.GetAsync);
        traces.MapGet("/{id}/exchanges", TraceEndpoints.ExchangesAsync);
        traces.MapDelete("/{id}", ErasureEndpoints.EraseAsync);
        app.MapApi("/me/traces").MapDelete("", ErasureEndpoints.EraseAllAsync);
        var exchanges = app.MapApi("/exchanges");
        exchanges.MapGet("/{id}", TraceEndpoints.ExchangeAsync);
        exchanges.MapGet("/{id}/request", BodyEndpoints.RequestAsync);
        exchanges.MapGet("/{id}/response", BodyEndpoints.ResponseAsync);
    }
}
