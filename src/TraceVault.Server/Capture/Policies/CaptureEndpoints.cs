using System.Text.Json.Serialization;
using TraceVault.Api;
using TraceVault.Identity;

namespace TraceVault.Capture.Policies;

internal sealed record PolicyAnswer(string Mode, string MembersMay, int ContentDays, int UsageDays, string OthersContent);

/// <param name="Mode">What the user chose; null when they chose nothing.</param>
/// <param name="Effective">What is in force for them.</param>
internal sealed record OwnCaptureAnswer(string? Mode, string Effective, int ContentDays, int UsageDays, string OthersContent);

internal sealed class ChoiceRequest
{
    /// <summary>Null takes an earlier choice back.</summary>
    public string? Mode
    {
        get;
        set => (field, IsComplete) = (value, true);
    }

    /// <summary>Whether there was a mode, if only null: an empty object is no choice.</summary>
    [JsonIgnore]
    public bool IsComplete { get; private set; }
}

/// <summary>What is recorded, over JSON.</summary>
internal static class CaptureEndpoints
{
    public static PolicyAnswer Get(CapturePolicies policies) => Answer(policies.Now.Policy);

    public static async Task<IResult> PutAsync(PolicyFields request, Actor actor, PolicyChanges changes)
    {
        if (request.Problems() is { Count: > 0 } problems)
        {
            return TypedResults.ValidationProblem(problems, detail: problems.First().Value[0]);
        }

        return await changes.ChangeAsync(actor, request) is { } policy
            ? TypedResults.Ok(Answer(policy))
            : TypedResults.Problem(RecordingTexts.OwnersOnly, statusCode: StatusCodes.Status403Forbidden);
    }

    public static OwnCaptureAnswer GetOwn(SignedIn me, CapturePolicies policies)
    {
        var (now, id) = (policies.Now, me.User.Id);
        return new OwnCaptureAnswer(
            now.ChoiceOf(id) is { } choice ? PolicyWords.Modes.Of(choice) : null,
            PolicyWords.Modes.Of(now.ModeOf(id)),
            now.Policy.ContentDays,
            now.Policy.UsageDays,
            PolicyWords.OthersContent.Of(now.Policy.OthersContent));
    }

    public static async Task<IResult> PutOwnAsync(
        ChoiceRequest request, SignedIn me, Actor actor, PolicyChanges changes, CapturePolicies policies)
    {
        var choice = PolicyWords.Modes.Find(request.Mode);
        if (!request.IsComplete || (choice is null && request.Mode is not null))
        {
            return ManagementApi.Invalid("mode", "It takes one of: off, usage, full; or null for what the policy says.");
        }

        return await changes.ChooseAsync(me, actor, choice)
            ? TypedResults.Ok(GetOwn(me, policies))
            : TypedResults.Problem(RecordingTexts.NotAllowed, statusCode: StatusCodes.Status403Forbidden);
    }

    private static PolicyAnswer Answer(CapturePolicy policy) => new(
        PolicyWords.Modes.Of(policy.Mode),
        PolicyWords.MembersMay.Of(policy.MembersMay),
        policy.ContentDays,
        policy.UsageDays,
        PolicyWords.OthersContent.Of(policy.OthersContent));
}
