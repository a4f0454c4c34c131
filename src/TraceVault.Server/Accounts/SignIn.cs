using Microsoft.AspNetCore.Identity;
using TraceVault.Accounts.Passwords;
using TraceVault.Changes;
using TraceVault.Identity;

namespace TraceVault.Accounts;

internal enum SignInOutcome
{
    SignedIn,

    /// <summary>The address or the password is wrong; nobody is told which.</summary>
    Wrong,

    /// <summary>The account is disabled. Only whoever knows the password is told so.</summary>
    Disabled,

    /// <summary>There were too many failures, so the password was not checked.</summary>
    TooMany,
}

/// <param name="Outcome">How the sign-in ended.</param>
/// <param name="User">The user, when signed in.</param>
/// <param name="Session">The new session, when signed in.</param>
/// <param name="Wait">How long to wait after too many failures.</param>
internal sealed record SignInResult(SignInOutcome Outcome, User? User = null, Sessions.Created? Session = null, TimeSpan Wait = default);

/// <summary>
/// Signs a user in by e-mail address and password, for the API and the page. An unknown address takes the same time as a wrong password.
/// </summary>
internal sealed class SignIn(
    Users users, Sessions sessions, PasswordHashes passwords, Turnstile turnstile, SignInThrottle throttle, AuditLog audit)
{
    public async Task<SignInResult> TryAsync(EmailAddress email, string password, HttpContext context, CancellationToken cancel)
    {
        var (address, origin) = (context.Connection.RemoteIpAddress, Origin.Of(context));
        if (await throttle.WaitAsync(email.Key, address, cancel) is { } refused)
        {
            return new SignInResult(SignInOutcome.TooMany, Wait: refused);
        }

        // The attempt is counted within the turn, so that a crowd that knows its passwords never counts as many failures at once.
        using var turn = await turnstile.EnterAsync(SignInThrottle.Subject(address), cancel);
        if (turn is null)
        {
            return new SignInResult(SignInOutcome.TooMany, Wait: Turnstile.ComeAgain);
        }

        var admission = await throttle.EnterAsync(email.Key, address, cancel);
        if (admission.Wait is { } wait)
        {
            return new SignInResult(SignInOutcome.TooMany, Wait: wait);
        }

        cancel = CancellationToken.None; // if the request stopped here, its attempt would stay counted as a failure
        var found = await users.FindAsync(email, cancel);
        var check = await passwords.CheckAsync(found?.PasswordHash, password, cancel);
        if (found is null || check is PasswordVerificationResult.Failed)
        {
            // The event names only addresses of existing accounts: what was typed may be a password in the wrong field.
            var failed = new AuditEvent(
                AuditActions.SignIn, new Actor(null, null, origin), found?.Id, found?.Email, Outcome: AuditOutcome.Failed);
            await audit.AppendFailureAsync(failed, admission.IsLast, cancel);
            return new SignInResult(SignInOutcome.Wrong);
        }

        if (found.DisabledAt is not null)
        {
            // This counts as a failure: otherwise anybody could repeat it to cause any number of hashes and audit events.
            var failed = new AuditEvent(
                AuditActions.SignIn, new Actor(null, null, origin), found.Id, found.Email, "disabled", AuditOutcome.Failed);
            await audit.AppendFailureAsync(failed, admission.IsLast, cancel);
            return new SignInResult(SignInOutcome.Disabled);
        }

        await throttle.SucceedAsync(email.Key, address, cancel);
        var hash = found.PasswordHash;
        if (check is PasswordVerificationResult.SuccessRehashNeeded)
        {
            hash = await passwords.HashAsync(password, cancel);
            await users.RenewHashAsync(found.Id, found.PasswordHash, hash, cancel);
        }

        return await sessions.CreateAsync(found.User, hash, origin, cancel) is { } session
            ? new SignInResult(SignInOutcome.SignedIn, found.User, session)
            : new SignInResult(SignInOutcome.Wrong);
    }
}
