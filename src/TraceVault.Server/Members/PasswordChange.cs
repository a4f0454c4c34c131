using Microsoft.AspNetCore.Identity;
using TraceVault.Accounts;
using TraceVault.Accounts.Passwords;
using TraceVault.Changes;
using TraceVault.Identity;

namespace TraceVault.Members;

internal enum PasswordOutcome
{
    Done,

    /// <summary>The current password is wrong.</summary>
    Wrong,

    /// <summary>Too many wrong passwords: it was not checked.</summary>
    TooMany,

    /// <summary>The new password is not acceptable.</summary>
    Invalid,
}

/// <param name="Outcome">How it went.</param>
/// <param name="Problem">What is wrong with the new password, as a sentence.</param>
/// <param name="Wait">How long to wait after too many wrong passwords.</param>
internal sealed record PasswordResult(PasswordOutcome Outcome, string? Problem = null, TimeSpan Wait = default);

/// <summary>
/// Changes one's own password, which ends every other session and all proxy tokens. Guesses of the current one count as failed sign-ins.
/// </summary>
internal sealed class PasswordChange(
    Users users, PasswordHashes passwords, Turnstile turnstile, SignInThrottle throttle, ChangeMaker changes, AuditLog audit)
{
    public const string WrongCurrent = "This is not your current password.";

    public async Task<PasswordResult> TryAsync(SignedIn me, string? current, string? chosen, HttpContext context, CancellationToken cancel)
    {
        var (email, address) = (EmailAddress.Of(me.User.Email), context.Connection.RemoteIpAddress);
        if (PasswordRules.Problem(chosen, email) is { } problem)
        {
            return new PasswordResult(PasswordOutcome.Invalid, problem);
        }

        if (await throttle.WaitAsync(email.Key, address, cancel) is { } refused)
        {
            return new PasswordResult(PasswordOutcome.TooMany, Wait: refused);
        }

        using var turn = await turnstile.EnterAsync(SignInThrottle.Subject(address), cancel); // as in SignIn
        if (turn is null)
        {
            return new PasswordResult(PasswordOutcome.TooMany, Wait: Turnstile.ComeAgain);
        }

        var admission = await throttle.EnterAsync(email.Key, address, cancel);
        if (admission.Wait is { } wait)
        {
            return new PasswordResult(PasswordOutcome.TooMany, Wait: wait);
        }

        cancel = CancellationToken.None; // an attempt that is given up now would stay counted as a failure
        var stored = await users.FindAsync(email, cancel);
        if (current is not { Length: > 0 and <= PasswordRules.MaxLength }
            || await passwords.CheckAsync(stored?.PasswordHash, current, cancel) is PasswordVerificationResult.Failed)
        {
            var failed = AuditEvent.Own(AuditActions.PasswordChanged, Actor.Of(context)) with { Outcome = AuditOutcome.Failed };
            await audit.AppendFailureAsync(failed, admission.IsLast, cancel);
            return new PasswordResult(PasswordOutcome.Wrong);
        }

        await throttle.SucceedAsync(email.Key, address, cancel);
        var hash = await passwords.HashAsync(chosen!, cancel);
        return await SaveAsync(me, stored!.PasswordHash, hash, Actor.Of(context))
            ? new PasswordResult(PasswordOutcome.Done)
            : new PasswordResult(PasswordOutcome.Wrong);
    }

    /// <returns>Whether the password that was checked was still the current one.</returns>
    private Task<bool> SaveAsync(
        SignedIn me, string checkedHash, string hash, Actor actor) => changes.MakeAsync(Scope.Members, async change =>
    {
        var saved = await change.ExecuteAsync(
            """
            update users set password_hash = @hash, updated_at = @Now
            where id = @Id and password_hash = @checkedHash and disabled_at is null
            """,
            new { me.User.Id, hash, checkedHash, change.Now });
        if (saved == 0)
        {
            return Verdict.Nothing(false);
        }

        await change.EndAccessAsync(me.User.Id, actor, exceptSession: me.SessionId);
        return Verdict.Done(true, ChangeKind.Member, me.User.Id, AuditEvent.Own(AuditActions.PasswordChanged, actor));
    });
}
