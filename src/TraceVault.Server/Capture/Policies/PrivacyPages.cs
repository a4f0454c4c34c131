using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Identity;
using TraceVault.Pages;

namespace TraceVault.Capture.Policies;

/// <summary>Shows users what is recorded of them, and lets them choose as far as the policy allows.</summary>
internal static class PrivacyPages
{
    public const string Path = "/me/privacy";

    /// <summary>The form's word for no choice of one's own.</summary>
    public const string AsPolicy = "policy";

    public static IResult Show([FromQuery] string? done, PageContext page, SignedIn me, CapturePolicies policies) =>
        Page(page, me, policies, said: done == "chosen" ? "Your choice holds for requests that begin from now on." : null);

    public static async Task<IResult> ChooseAsync(
        [FromForm] string? mode, PageContext page, SignedIn me, Actor actor, PolicyChanges changes, CapturePolicies policies)
    {
        var choice = PolicyWords.Modes.Find(mode);
        if (choice is null && mode != AsPolicy)
        {
            return Page(page, me, policies, problem: "Choose one of these.");
        }

        return await changes.ChooseAsync(me, actor, choice)
            ? Redirects.See(Path + "?done=chosen")
            : Page(page, me, policies, problem: RecordingTexts.NotAllowed, status: StatusCodes.Status403Forbidden);
    }

    private static RazorComponentResult<PrivacyPage> Page(
        PageContext page,
        SignedIn me,
        CapturePolicies policies,
        string? said = null,
        string? problem = null,
        int? status = null)
    {
        var now = policies.Now;
        return new(new
        {
            Context = page,
            Policy = now.Policy,
            Choice = now.ChoiceOf(me.User.Id),
            Said = said,
            Problem = problem,
        })
        { StatusCode = status ?? (problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest) };
    }
}
