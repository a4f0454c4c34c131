using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts;
using TraceVault.Accounts.Passwords;
using TraceVault.Identity;
using TraceVault.Pages;

namespace TraceVault.Members;

/// <summary>The page of a reset link: somebody chooses a new password. Opening the page does not use the link up.</summary>
internal static class ResetPages
{
    public static async Task<IResult> ShowAsync(
        string token, PageContext page, HttpContext context, PasswordResets resets, CancellationToken cancel) =>
        await FindAsync(token, resets, cancel) is not { } reset ? LinkTokens.Unknown(context)
            : resets.IsExpired(reset) ? LinkTokens.Expired(context, reset.ExpiresAt)
            : Page(page, reset, StatusCodes.Status200OK);

    public static async Task<IResult> UseAsync(
        string token,
        [FromForm] string? password,
        PageContext page,
        HttpContext context,
        PasswordResets resets,
        PasswordHashes passwords,
        Turnstile turnstile,
        SessionReader reader,
        Sessions sessions,
        CancellationToken cancel)
    {
        if (await FindAsync(token, resets, cancel) is not { } reset)
        {
            return LinkTokens.Unknown(context);
        }

        if (resets.IsExpired(reset))
        {
            return LinkTokens.Expired(context, reset.ExpiresAt);
        }

        if (PasswordRules.Problem(password, EmailAddress.Of(reset.Email)) is { } problem)
        {
            return Page(page, reset, StatusCodes.Status400BadRequest, problem);
        }

        LinkTokens.TryRead(token, out var link);
        using var turn = await turnstile.EnterAsync(LinkTokens.Line(link), cancel);
        if (turn is null)
        {
            return LinkTokens.Busy(context);
        }

        if (await resets.FindAsync(link, cancel) is null)
        {
            return LinkTokens.Unknown(context); // somebody has used it since: no password is hashed
        }

        var hash = await passwords.HashAsync(password!, cancel);
        return await resets.UseAsync(reset, link, hash, Origin.Of(context)) is { } user
            ? await LinkTokens.SignInAsync(context, user, hash, reader, sessions, cancel)
            : LinkTokens.Unknown(context);
    }

    private static async Task<PasswordResets.Pending?> FindAsync(string token, PasswordResets resets, CancellationToken cancel) =>
        LinkTokens.TryRead(token, out var link) ? await resets.FindAsync(link, cancel) : null;

    private static RazorComponentResult<ResetPage> Page(
        PageContext page, PasswordResets.Pending reset, int status, string? problem = null) =>
        new(new { Context = page, reset.Email, Problem = problem }) { StatusCode = status };
}
