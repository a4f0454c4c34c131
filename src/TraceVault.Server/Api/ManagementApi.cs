using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Identity;

namespace TraceVault.Api;

/// <summary>What the JSON endpoints under <c>/api/v1</c> have in common.</summary>
internal static class ManagementApi
{
    /// <summary>Endpoints that require a session's token and whose answers must not be stored.</summary>
    public static RouteGroupBuilder MapApi(this WebApplication app, string prefix)
    {
        var group = app.MapGroup("/api/v1" + prefix).RequireAuthorization();
        group.AddEndpointFilter(async (context, next) =>
        {
            context.HttpContext.Response.Headers.CacheControl = "no-store";
            return await next(context);
        });
        return group;
    }

    /// <summary>The same, for owners and administrators only.</summary>
    public static RouteGroupBuilder MapAdminApi(this WebApplication app, string prefix) =>
        app.MapApi(prefix).RequireAuthorization(Access.AdminApi);

    /// <summary>400 that says what is wrong with one field of the request.</summary>
    /// <param name="code">For programs that can do something about it.</param>
    public static ValidationProblem Invalid(string field, string problem, string? code = null) => TypedResults.ValidationProblem(
        new Dictionary<string, string[]> { [field] = [problem] },
        detail: problem,
        extensions: code is null ? null : [KeyValuePair.Create("code", (object?)code)]);
}
