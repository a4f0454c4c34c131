using TraceVault.Accounts.Passwords;
using TraceVault.Changes;
using TraceVault.Identity;

namespace TraceVault.Accounts;

internal enum FirstRunOutcome
{
    SignedIn,
    AlreadySetUp,
    WrongToken,
    TooMany,

    /// <summary>A field is not acceptable.</summary>
    Invalid,
}

/// <param name="Outcome">How the set-up ended.</param>
/// <param name="User">The owner, when signed in.</param>
/// <param name="Session">The owner's session, when signed in.</param>
/// <param name="Wait">How long to wait after too many wrong tokens.</param>
/// <param name="Field">Which field is not acceptable: email, password, name.</param>
/// <param name="Problem">Why it is not acceptable, as a sentence.</param>
internal sealed record FirstRunResult(
    FirstRunOutcome Outcome,
    User? User = null,
    Sessions.Created? Session = null,
    TimeSpan Wait = default,
    string? Field = null,
    string? Problem = null);

/// <summary>Creates the first user, who is the owner, for the API and the page.</summary>
internal sealed class FirstRun(
    SetupToken setupToken,
    Users users,
    Sessions sessions,
    PasswordHashes passwords,
    Turnstile turnstile,
    SignInThrottle throttle,
    AuditLog audit)
{
    public const int MaxNameLength = 200;

    /// <summary>The throttle counts guesses of the setup token under this name, as if it were an account.</summary>
    private const string Account = "setup";

    /// <summary>
    /// Checks only the setup token, so that nobody thinks of a password for nothing. It is throttled like the set-up itself.
    /// </summary>
    /// <returns>Null when the token is right.</returns>
    public async Task<FirstRunResult?> CheckAsync(string? offered, HttpContext context, CancellationToken cancel)
    {
        if (await users.AnyAsync(cancel))
        {
            return new FirstRunResult(FirstRunOutcome.AlreadySetUp);
        }

        var (address, origin) = (context.Connection.RemoteIpAddress, Origin.Of(context));
        var admission = await throttle.EnterAsync(Account, address, cancel);
        if (admission.Wait is { } wait)
        {
            return new FirstRunResult(FirstRunOutcome.TooMany, Wait: wait);
        }

        if (!setupToken.Matches(offered))
        {
            var failed = new AuditEvent(AuditActions.SetUp, new Actor(null, null, origin), null, null, Outcome: AuditOutcome.Failed);
            await audit.AppendFailureAsync(failed, admission.IsLast, cancel);
            return new FirstRunResult(FirstRunOutcome.WrongToken);
        }

        await throttle.SucceedAsync(Account, address, CancellationToken.None);
        return null;
    }

    public async Task<FirstRunResult> TryAsync(SetupRequest request, HttpContext context, CancellationToken cancel)
    {
        if (await CheckAsync(request.SetupToken, context, cancel) is { } refused)
        {
            return refused;
        }

        var origin = Origin.Of(context);
        if (!EmailAddress.TryParseNew(request.Email, out var email))
        {
            return Invalid("email", "This is not an e-mail address.");
        }

        if (PasswordRules.Problem(request.Password, email) is { } problem)
        {
            return Invalid("password", problem);
        }

        if (request.Name is { } name && (name.Length > MaxNameLength || !PlainText.Is(name)))
        {
            return Invalid("name", $"A name takes at most {MaxNameLength} printable characters.");
        }

        using var turn = await turnstile.EnterAsync(Account, cancel); // so that many at once cost one hash
        if (turn is null)
        {
            return new FirstRunResult(FirstRunOutcome.TooMany, Wait: Turnstile.ComeAgain);
        }

        if (await users.AnyAsync(cancel))
        {
            return new FirstRunResult(FirstRunOutcome.AlreadySetUp);
        }

        var hash = await passwords.HashAsync(request.Password!, cancel);
        return await users.CreateFirstAsync(email, Blank(request.Name), hash, origin, cancel) is { } owner
            ? new FirstRunResult(FirstRunOutcome.SignedIn, owner, await sessions.CreateAsync(owner, origin, cancel))
            : new FirstRunResult(FirstRunOutcome.AlreadySetUp);
    }

    private static FirstRunResult Invalid(string field, string problem) => new(FirstRunOutcome.Invalid, Field: field, Problem: problem);

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
