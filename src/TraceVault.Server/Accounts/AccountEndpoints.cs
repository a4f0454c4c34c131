using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts.Passwords;
using TraceVault.Api;
using TraceVault.Changes;
using TraceVault.Identity;

namespace TraceVault.Accounts;

internal sealed record SetupRequest(string? SetupToken, string? Email, string? Password, string? Name)
{
    public override string ToString() => "[set-up]";
}

internal sealed record SetupCheckRequest(string? SetupToken)
{
    public override string ToString() => "[set-up check]";
}

internal sealed record LoginRequest(string? Email, string? Password)
{
    public override string ToString() => "[log-in]";
}

/// <summary>A new sign-in. Its token is shown only here.</summary>
internal sealed record SignInAnswer(string Token, DateTime ExpiresAt, User User)
{
    public override string ToString() => "[sign-in]";
}

/// <summary>First-run set-up, sign-in and sign-out over JSON.</summary>
internal static class AccountEndpoints
{
    public const string AccountDisabled = "This account is disabled. An administrator of this server can enable it again.";

    public static async Task<IResult> SetUpAsync(SetupRequest request, HttpContext context, FirstRun firstRun, CancellationToken cancel)
    {
        var result = await firstRun.TryAsync(request, context, cancel);
        return result.Outcome is FirstRunOutcome.SignedIn
            ? Answer(context, result.User!, result.Session!, StatusCodes.Status201Created)
            : Refuse(result, context);
    }

    /// <summary>Answers 204 when the setup token is right, and otherwise as the set-up would.</summary>
    public static async Task<IResult> CheckSetUpAsync(
        SetupCheckRequest request, HttpContext context, FirstRun firstRun, CancellationToken cancel) =>
        await firstRun.CheckAsync(request.SetupToken, context, cancel) is { } refused ? Refuse(refused, context) : TypedResults.NoContent();

    private static IResult Refuse(FirstRunResult result, HttpContext context) =>
        result.Outcome switch
        {
            FirstRunOutcome.AlreadySetUp => TypedResults.Problem(
                "This server already has its first user. Sign in with `tracevault login`.", statusCode: StatusCodes.Status409Conflict),
            FirstRunOutcome.WrongToken => TypedResults.Problem(
                "The setup token is wrong. The server printed it when it started.", statusCode: StatusCodes.Status401Unauthorized),
            FirstRunOutcome.TooMany => TooManyAttempts(context, result.Wait),
            _ => ManagementApi.Invalid(result.Field!, result.Problem!),
        };

    public static async Task<IResult> LogInAsync(LoginRequest request, HttpContext context, SignIn signIn, CancellationToken cancel)
    {
        if (!EmailAddress.TryParse(request.Email, out var email))
        {
            return ManagementApi.Invalid("email", "This is not an e-mail address.");
        }

        if (request.Password is not { Length: > 0 and <= PasswordRules.MaxLength } password)
        {
            return ManagementApi.Invalid("password", "Send the password.");
        }

        var result = await signIn.TryAsync(email, password, context, cancel);
        return result.Outcome switch
        {
            SignInOutcome.SignedIn => Answer(context, result.User!, result.Session!, StatusCodes.Status200OK),
            SignInOutcome.TooMany => TooManyAttempts(context, result.Wait),
            SignInOutcome.Disabled => TypedResults.Problem(AccountDisabled, statusCode: StatusCodes.Status403Forbidden),
            _ => TypedResults.Problem("The e-mail address or the password is wrong.", statusCode: StatusCodes.Status401Unauthorized),
        };
    }

    public static async Task<NoContent> LogOutAsync(SignedIn signedIn, Actor actor, Sessions sessions)
    {
        await sessions.EndAsync(signedIn.User.Id, signedIn.SessionId, AuditActions.SignOut, actor);
        return TypedResults.NoContent();
    }

    /// <summary>A sentence that says when to try again.</summary>
    public static string TryAgainIn(TimeSpan wait) => wait <= Turnstile.ComeAgain
        ? "Too many attempts at this moment. Try again in a few seconds."
        : Math.Ceiling(wait.TotalMinutes) is var minutes && minutes == 1
            ? "Too many failed attempts. Try again in a minute."
            : $"Too many failed attempts. Try again in {minutes} minutes.";

    public static void SetRetryAfter(HttpContext context, TimeSpan wait) =>
        context.Response.Headers.RetryAfter =
            Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static JsonHttpResult<SignInAnswer> Answer(HttpContext context, User user, Sessions.Created session, int status)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new SignInAnswer(session.Token.Reveal(), session.ExpiresAt.UtcDateTime, user), statusCode: status);
    }

    internal static ProblemHttpResult TooManyAttempts(HttpContext context, TimeSpan wait)
    {
        SetRetryAfter(context, wait);
        return TypedResults.Problem(TryAgainIn(wait), statusCode: StatusCodes.Status429TooManyRequests);
    }
}
