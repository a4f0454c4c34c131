using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace TraceVault.Accounts;

internal sealed record SetupRequest(string? SetupToken, string? Email, string? Password, string? Name);

internal sealed record LoginRequest(string? Email, string? Password);

/// <summary>A fresh sign-in: the token is shown here and never again.</summary>
internal sealed record SignInAnswer(string Token, DateTime ExpiresAt, User User)
{
    public override string ToString() => "[sign-in]";
}

/// <summary>First-run set-up, sign-in and sign-out over JSON.</summary>
internal static class AccountEndpoints
{
    private const int MaxNameLength = 200;

    /// <summary>What throttles guesses of the setup token, as if it were an account.</summary>
    private const string SetupAccount = "setup";

    public static async Task<IResult> SetUpAsync(
        SetupRequest request, HttpContext context, SetupToken setupToken, Users users, Sessions sessions, Passwords passwords, SignInThrottle throttle, CancellationToken cancel)
    {
        if (await users.AnyAsync(cancel))
        {
            return AlreadySetUp();
        }

        var address = context.Connection.RemoteIpAddress;
        if (await throttle.EnterAsync(SetupAccount, address, cancel) is { } wait)
        {
            return TooManyAttempts(context, wait);
        }

        if (!setupToken.Matches(request.SetupToken))
        {
            return TypedResults.Problem("The setup token is wrong. The server printed it when it started.", statusCode: StatusCodes.Status401Unauthorized);
        }

        await throttle.SucceedAsync(SetupAccount, address, cancel);
        if (!EmailAddress.TryParse(request.Email, out var email))
        {
            return Invalid("email", "This is not an e-mail address.");
        }

        if (PasswordRules.Problem(request.Password, email) is { } problem)
        {
            return Invalid("password", problem);
        }

        if (request.Name is { Length: > MaxNameLength })
        {
            return Invalid("name", $"The name is too long: it takes at most {MaxNameLength} characters.");
        }

        var hash = await passwords.HashAsync(request.Password!, cancel);
        return await users.CreateFirstAsync(email, Blank(request.Name), hash, cancel) is { } owner
            ? TypedResults.Json(await SignInAsync(owner, context, sessions, cancel), statusCode: StatusCodes.Status201Created)
            : AlreadySetUp();
    }

    public static async Task<IResult> LogInAsync(
        LoginRequest request, HttpContext context, Users users, Sessions sessions, Passwords passwords, SignInThrottle throttle, CancellationToken cancel)
    {
        if (!EmailAddress.TryParse(request.Email, out var email))
        {
            return Invalid("email", "This is not an e-mail address.");
        }

        if (request.Password is not { Length: > 0 and <= PasswordRules.MaxLength } password)
        {
            return Invalid("password", "Send the password.");
        }

        var address = context.Connection.RemoteIpAddress;
        if (await throttle.EnterAsync(email.Key, address, cancel) is { } wait)
        {
            return TooManyAttempts(context, wait);
        }

        var found = await users.FindAsync(email, cancel);
        var check = await passwords.CheckAsync(found?.PasswordHash, password, cancel);
        if (found is null || check is PasswordVerificationResult.Failed)
        {
            return TypedResults.Problem("The e-mail address or the password is wrong.", statusCode: StatusCodes.Status401Unauthorized);
        }

        await throttle.SucceedAsync(email.Key, address, cancel);
        if (check is PasswordVerificationResult.SuccessRehashNeeded)
        {
            await users.SaveHashAsync(found.Id, await passwords.HashAsync(password, cancel), cancel);
        }

        return TypedResults.Json(await SignInAsync(found.User, context, sessions, cancel));
    }

    public static async Task<NoContent> LogOutAsync(SignedIn signedIn, Sessions sessions)
    {
        await sessions.EndAsync(signedIn.User.Id, signedIn.SessionId);
        return TypedResults.NoContent();
    }

    private static async Task<SignInAnswer> SignInAsync(User user, HttpContext context, Sessions sessions, CancellationToken cancel)
    {
        context.Response.Headers.CacheControl = "no-store";
        var (token, expiresAt) = await sessions.CreateAsync(user.Id, Origin.Of(context), cancel);
        return new SignInAnswer(token.Reveal(), expiresAt.UtcDateTime, user);
    }

    private static ProblemHttpResult AlreadySetUp() =>
        TypedResults.Problem("This server has its first user already. Sign in with `tracevault login`.", statusCode: StatusCodes.Status409Conflict);

    private static ProblemHttpResult TooManyAttempts(HttpContext context, TimeSpan wait)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return TypedResults.Problem($"Too many failed attempts. Try again in {Math.Ceiling(wait.TotalMinutes)} minutes.", statusCode: StatusCodes.Status429TooManyRequests);
    }

    private static ValidationProblem Invalid(string field, string problem) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [field] = [problem] }, detail: problem);

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
