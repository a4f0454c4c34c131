using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts;
using TraceVault.Identity;
using TraceVault.Logging;
using TraceVault.Pages;

namespace TraceVault.Me;

/// <summary>A user's proxy tokens; a new one is shown once, in the answer to the form that created it.</summary>
internal static class TokenPages
{
    private const string Path = "/me/tokens", DefaultDays = "90";

    public static async Task<IResult> ShowAsync(
        [FromQuery] string? done, PageContext page, SignedIn me, ProxyTokens tokens, TimeProvider clock, CancellationToken cancel) =>
        await PageAsync(page, me, tokens, clock, cancel, said: done switch
        {
            "revoked" => "The token is revoked.",
            "made" => "That token has already been created, and it is shown only once. "
                + "If you did not copy it, revoke it and create another.",
            _ => null,
        });

    public static async Task<IResult> CreateAsync(
        [FromForm] string? id,
        [FromForm] string? name,
        [FromForm(Name = "expires_in_days")] string? days,
        PageContext page,
        SignedIn me,
        Actor actor,
        ProxyTokens tokens,
        TimeProvider clock,
        CancellationToken cancel)
    {
        if (!Guid.TryParseExact(id, "D", out var chosen))
        {
            const string Incomplete = "The form arrived incomplete. Nothing was created: send it again.";
            return await PageAsync(page, me, tokens, clock, cancel, problem: Incomplete, name: Redaction.Of(name), days: days);
        }

        // Text that is not a number is as wrong as a number out of range.
        var lifetime = string.IsNullOrWhiteSpace(days) ? (int?)null : int.TryParse(days, out var number) ? number : 0;
        var (created, field, problem) = await TokenEndpoints.TryCreateAsync(
            new TokenRequest(name, lifetime), me, actor, tokens, cancel, chosen);
        if (created is null && field is null && await tokens.FindAsync(me.User.Id, chosen.ToString(), cancel) is not null)
        {
            return Redirects.See(Path + "?done=made"); // the form was sent a second time
        }

        return await PageAsync(
            page,
            me,
            tokens,
            clock,
            cancel,
            created,
            field: field,
            problem: problem,
            name: created is null ? Redaction.Of(name) : null,
            days: created is null ? days : DefaultDays);
    }

    public static async Task<IResult> AskToRevokeAsync(
        string id, PageContext page, SignedIn me, HttpContext context, ProxyTokens tokens, CancellationToken cancel) =>
        await tokens.FindAsync(me.User.Id, id, cancel) is { } token
            ? new RazorComponentResult<ConfirmPage>(new
            {
                Context = page,
                Title = $"Revoke “{token.Name}”?",
                Text = "Whatever uses this token stops working through TraceVault at once, and the token cannot be brought back.",
                Action = $"{Path}/{token.Id}/revoke",
                Button = "Revoke the token",
                Back = Path,
            })
            : Problems.Page(
                context,
                StatusCodes.Status404NotFound,
                "There is no such token",
                "It may be revoked already. Your tokens are listed under Tokens.");

    public static async Task<IResult> RevokeAsync(string id, SignedIn me, Actor actor, ProxyTokens tokens)
    {
        await tokens.RevokeAsync(me.User.Id, id, actor);
        return Redirects.See(Path + "?done=revoked");
    }

    private static async Task<RazorComponentResult<TokensPage>> PageAsync(
        PageContext page,
        SignedIn me,
        ProxyTokens tokens,
        TimeProvider clock,
        CancellationToken cancel,
        CreatedToken? created = null,
        string? said = null,
        string? field = null,
        string? problem = null,
        string? name = null,
        string? days = DefaultDays) =>
        new(new
        {
            Context = page,
            Tokens = await TokenEndpoints.ListAsync(me, tokens, cancel),
            Now = clock.GetUtcNow().UtcDateTime,
            NewId = Guid.CreateVersion7(clock.GetUtcNow()),
            Created = created,
            Said = said,
            ProblemField = field,
            Problem = problem,
            Name = name,
            Days = days,
        })
        { StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest };
}
