using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts.Passwords;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Pages;

namespace TraceVault.Accounts;

/// <summary>First-run set-up, sign-in and sign-out in a browser.</summary>
internal static class SignInPages
{
    /// <summary>Redirects the visitor to the set-up while there is no user, and otherwise to their own page.</summary>
    public static async Task<IResult> StartAsync(Users users, CancellationToken cancel) =>
        Redirects.See(await users.AnyAsync(cancel) ? ReturnTarget.Start : "/auth/setup");

    public static async Task<IResult> SetUpFormAsync(PageContext page, Users users, CancellationToken cancel) =>
        await users.AnyAsync(cancel) ? Redirects.See("/auth/login") : SetUpPage(page, StatusCodes.Status200OK);

    public static async Task<IResult> SetUpAsync(
        [FromForm(Name = "setup_token")] string? setupToken,
        [FromForm] string? email,
        [FromForm] string? password,
        [FromForm] string? name,
        PageContext page,
        HttpContext context,
        FirstRun firstRun,
        CancellationToken cancel)
    {
        var result = await firstRun.TryAsync(new SetupRequest(setupToken, email, password, name), context, cancel);
        switch (result.Outcome)
        {
            case FirstRunOutcome.SignedIn:
                SessionCookie.Write(context, result.Session!.Token.Reveal(), result.Session.ExpiresAt);
                return Redirects.See(ReturnTarget.Start);
            case FirstRunOutcome.AlreadySetUp:
                return Redirects.See("/auth/login");
            case FirstRunOutcome.WrongToken:
                const string WrongToken = "The setup token is wrong. The server printed it when it started.";
                return SetUpPage(page, StatusCodes.Status401Unauthorized, email, name, "setup_token", WrongToken);
            case FirstRunOutcome.TooMany:
                AccountEndpoints.SetRetryAfter(context, result.Wait);
                return SetUpPage(page, StatusCodes.Status429TooManyRequests, email, name, null, AccountEndpoints.TryAgainIn(result.Wait));
            default:
                // The form shows the token again because it was right; a wrong one may be another secret, pasted by mistake.
                return SetUpPage(page, StatusCodes.Status400BadRequest, email, name, result.Field, result.Problem, setupToken);
        }
    }

    public static async Task<IResult> LogInFormAsync(
        [FromQuery(Name = "return_to")] string? returnTo,
        [FromQuery] string? ended,
        PageContext page,
        HttpContext context,
        Users users,
        CancellationToken cancel)
    {
        // The answer that led here deleted the session cookie, so the address has to say that the session has ended.
        var isOver = page.Me is null && (ended is not null || SessionCookie.Read(context.Request) is not null);
        return await users.AnyAsync(cancel)
            ? LogInPage(page, StatusCodes.Status200OK, returnTo, problem: isOver ? "Your session has ended. Sign in again." : null)
            : Redirects.See("/auth/setup");
    }

    public static async Task<IResult> LogInAsync(
        [FromForm] string? email,
        [FromForm] string? password,
        [FromForm(Name = "return_to")] string? returnTo,
        PageContext page,
        HttpContext context,
        SignIn signIn,
        SessionReader reader,
        Sessions sessions,
        CancellationToken cancel)
    {
        const string Wrong = "The e-mail address or the password is wrong.";
        if (!EmailAddress.TryParse(email, out var address) || password is not { Length: > 0 and <= PasswordRules.MaxLength })
        {
            return LogInPage(page, StatusCodes.Status401Unauthorized, returnTo, email, Wrong);
        }

        var result = await signIn.TryAsync(address, password, context, cancel);
        if (result.Outcome is SignInOutcome.TooMany)
        {
            AccountEndpoints.SetRetryAfter(context, result.Wait);
            return LogInPage(page, StatusCodes.Status429TooManyRequests, returnTo, email, AccountEndpoints.TryAgainIn(result.Wait));
        }

        if (result.Outcome is SignInOutcome.Disabled)
        {
            return LogInPage(page, StatusCodes.Status403Forbidden, returnTo, email, AccountEndpoints.AccountDisabled);
        }

        if (result.Outcome is SignInOutcome.Wrong)
        {
            return LogInPage(page, StatusCodes.Status401Unauthorized, returnTo, email, Wrong);
        }

        await EndEarlierAsync(context, reader, sessions, cancel);
        SessionCookie.Write(context, result.Session!.Token.Reveal(), result.Session.ExpiresAt);
        return Redirects.See(ReturnTarget.Safe(returnTo));
    }

    public static async Task<IResult> LogOutAsync(SignedIn me, Actor actor, HttpContext context, Sessions sessions)
    {
        await sessions.EndAsync(me.User.Id, me.SessionId, AuditActions.SignOut, actor);
        SessionCookie.Delete(context);
        return Redirects.See("/auth/login");
    }

    /// <summary>
    /// Ends the session that this browser held before a sign-in, which always creates a new one: somebody else may have planted the old.
    /// </summary>
    internal static async Task EndEarlierAsync(HttpContext context, SessionReader reader, Sessions sessions, CancellationToken cancel)
    {
        if (AccessToken.TryRead(SessionCookie.Read(context.Request), out var earlier) && earlier.Kind is TokenKind.Session
            && (await reader.ReadAsync(earlier.Hash, cancel)).SignedIn is { } before)
        {
            await sessions.EndAsync(before.User.Id, before.SessionId, AuditActions.SignOut, Actor.Of(before.User, context));
        }
    }

    private static RazorComponentResult<SetupPage> SetUpPage(
        PageContext page,
        int status,
        string? email = null,
        string? name = null,
        string? field = null,
        string? problem = null,
        string? setupToken = null) =>
        new(new { Context = page, Email = email, Name = name, Field = field, Problem = problem, SetupToken = setupToken })
        {
            StatusCode = status,
        };

    private static RazorComponentResult<LoginPage> LogInPage(
        PageContext page, int status, string? returnTo, string? email = null, string? problem = null) =>
        new(new { Context = page, ReturnTo = ReturnTarget.Safe(returnTo), Email = email, Problem = problem }) { StatusCode = status };
}
