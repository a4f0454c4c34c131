using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using TraceVault.Accounts;
using TraceVault.Audit;
using TraceVault.Operations;
using TraceVault.Pages;

namespace TraceVault.Me;

/// <summary>A user's proxy tokens; a new one is shown once, in the answer to the form that made it.</summary>
internal static class TokenPages
{
    private const string Path = "/me/tokens";

    public static async Task<RazorComponentResult<TokensPage>> ShowAsync([FromQuery] string? done, PageContext page, SignedIn me, ProxyTokens tokens, TimeProvider clock, CancellationToken cancel) =>
        await PageAsync(page, me, tokens, clock, cancel, said: done == "revoked" ? "The token is revoked." : null);

    public static async Task<RazorComponentResult<TokensPage>> CreateAsync(
        [FromForm] string? name, [FromForm(Name = "expires_in_days")] string? days, PageContext page, SignedIn me, Actor actor, ProxyTokens tokens, TimeProvider clock, CancellationToken cancel)
    {
        // What is no number is as wrong as a number out of range.
        var lifetime = string.IsNullOrWhiteSpace(days) ? (int?)null : int.TryParse(days, out var number) ? number : 0;
        var (created, field, problem) = await TokenEndpoints.TryCreateAsync(new TokenRequest(name, lifetime), me, actor, tokens, cancel);
        return await PageAsync(page, me, tokens, clock, cancel, created, field: field, problem: problem, name: created is null ? Redaction.Of(name) : null);
    }

    public static async Task<IResult> RevokeAsync([FromForm] string? id, SignedIn me, Actor actor, ProxyTokens tokens)
    {
        await tokens.RevokeAsync(me.User.Id, id ?? "", actor);
        return Redirects.See(Path + "?done=revoked");
    }

    private static async Task<RazorComponentResult<TokensPage>> PageAsync(
        PageContext page, SignedIn me, ProxyTokens tokens, TimeProvider clock, CancellationToken cancel,
        CreatedToken? created = null, string? said = null, string? field = null, string? problem = null, string? name = null) =>
        new(new
        {
            Context = page,
            Tokens = await TokenEndpoints.ListAsync(me, tokens, cancel),
            Now = clock.GetUtcNow().UtcDateTime,
            Created = created,
            Said = said,
            ProblemField = field,
            Problem = problem,
            Name = name,
        })
        { StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest };
}
