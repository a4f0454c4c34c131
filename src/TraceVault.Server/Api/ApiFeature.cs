using System.Text.Json;
using System.Text.Json.Serialization;

namespace TraceVault.Api;

internal static class ApiFeature
{
    public static WebApplicationBuilder AddApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddExceptionHandler<ApiErrors>();
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.TypeInfoResolverChain.Clear(); // what no feature lists is refused: the start needs no reflection
        });
        builder.Services.AddProblemDetails(); // adds its own types to the chain
        return builder;
    }

    /// <summary>
    /// Lists the types that a feature's endpoints read and write. A type that is missing there is refused: at the start if a signature
    /// names it, otherwise in the first answer with it.
    /// </summary>
    public static void AddJson(this IServiceCollection services, JsonSerializerContext types) =>
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Add(types));

    public static void UseApiErrors(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages(ApiErrors.WriteStatusAsync);
    }
}
