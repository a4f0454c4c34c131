using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Pages;
using TraceVault.Providers;

namespace TraceVault.Audit;

/// <summary>The audit log in a browser.</summary>
internal static class AuditPages
{
    public static async Task<IResult> ShowAsync(
        AuditQuery query, PageContext page, AuditReader reader, IEnumerable<Provider> providers, CancellationToken cancel)
    {
        var problems = new Dictionary<string, string>();
        if (AuditFilter.Read(query with { Limit = null }, problems) is not { } filter)
        {
            return new RazorComponentResult<AuditPage>(new { Context = page, Query = query, Problems = problems })
            {
                StatusCode = StatusCodes.Status400BadRequest,
            };
        }

        var (events, next) = await reader.ReadAsync(filter, cancel);
        return new RazorComponentResult<AuditPage>(new
        {
            Context = page,
            Query = query,
            Problems = problems,
            Events = events,
            Providers = providers.ToDictionary(each => each.Name, each => each.Title),
            Older = next is null ? null : query.Link(next),
            Newer = query.Before is null ? null : query.Link(await reader.NewerAsync(filter, cancel)),
        });
    }
}
