using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;

namespace TraceVault.Capture.Policies;

/// <summary>Changes the policy and what users chose. When such a change returns, it is in force in this process.</summary>
internal sealed class PolicyChanges(ChangeMaker changes, CapturePolicies policies)
{
    /// <summary>The subject of a <see cref="ChangeNotice"/> about the policy.</summary>
    private const string Policy = "policy";

    /// <param name="actor">Who changes it.</param>
    /// <param name="asked">Without problems.</param>
    /// <returns>The policy as it is now; null when the actor is no owner.</returns>
    public async Task<CapturePolicy?> ChangeAsync(Actor actor, PolicyFields asked)
    {
        var result = await changes.MakeAsync<CapturePolicy?>(Scope.Members, async change =>
        {
            var role = await change.FindAsync<string>(
                "select role from users where id = @UserId and disabled_at is null", new { actor.UserId });
            if (role != User.Owner)
            {
                return Verdict.Refused<CapturePolicy?>(null, Changed(actor, asked.Sent().Select(field => $"{field.Name} {field.Value}")));
            }

            var before = await PolicyRows.BeginAsync(change);
            var after = asked.ApplyTo(before);
            if (after == before)
            {
                return Verdict.Nothing<CapturePolicy?>(before);
            }

            await PolicyRows.WriteAsync(change, after);
            return Verdict.Done<CapturePolicy?>(after, ChangeKind.Capture, Policy, Changed(actor, Differences(before, after)));
        });
        await policies.Settled;
        return result;
    }

    /// <param name="me">Who chooses.</param>
    /// <param name="actor">The same, and from where.</param>
    /// <param name="choice">Null takes an earlier choice back, which is always allowed.</param>
    /// <returns>Whether the policy allows the choice; otherwise the earlier one stays.</returns>
    /// <exception cref="SessionOverException">The session ended meanwhile.</exception>
    public async Task<bool> ChooseAsync(SignedIn me, Actor actor, CaptureMode? choice)
    {
        var chosen = choice is { } mode ? PolicyWords.Modes.Of(mode) : null;
        var happened = AuditEvent.Own(AuditActions.CaptureChoiceChanged, actor, chosen ?? Policy);
        var isAllowed = await changes.MakeAsync(Scope.User(me.User.Id), async change =>
        {
            await Sessions.RequireAsync(change, me.User.Id, me.SessionId);
            var policy = await PolicyRows.BeginAsync(change);
            if (choice is { } wanted && !policy.Allows(wanted))
            {
                return Verdict.Refused(false, happened);
            }

            if (await PolicyRows.ChoiceAsync(change, me.User.Id) == chosen)
            {
                return Verdict.Nothing(true);
            }

            await PolicyRows.WriteChoiceAsync(change, me.User.Id, choice);
            return Verdict.Done(true, ChangeKind.Capture, me.User.Id, happened);
        });
        await policies.Settled;
        return isAllowed;
    }

    private static IEnumerable<string> Differences(CapturePolicy before, CapturePolicy after) =>
        from field in PolicyFields.Of(before).Sent().Zip(PolicyFields.Of(after).Sent())
        where field.First != field.Second
        select $"{field.First.Name} {field.First.Value} to {field.Second.Value}";

    private static AuditEvent Changed(Actor actor, IEnumerable<string> what) =>
        new(AuditActions.CapturePolicyChanged, actor, null, null, string.Join(", ", what));
}
