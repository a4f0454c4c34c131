using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Identity;
using TraceVault.Pages;

namespace TraceVault.Capture.Policies;

/// <summary>The recording policy in a browser: administrators read it, owners change it.</summary>
internal static class PolicyPages
{
    public const string Path = "/admin/capture";

    /// <summary>What a form sends after its reader was told what the mode <c>full</c> means.</summary>
    public const string Confirmed = "yes";

    public static IResult Show([FromQuery] string? done, PageContext page, CapturePolicies policies) => Page(
        page,
        PolicyFields.Of(policies.Now.Policy),
        StatusCodes.Status200OK,
        said: done == "changed" ? "The policy holds for requests that begin from now on." : null);

    public static async Task<IResult> ChangeAsync(
        [FromForm] string? mode,
        [FromForm(Name = "members_may")] string? membersMay,
        [FromForm(Name = "content_days")] string? contentDays,
        [FromForm(Name = "usage_days")] string? usageDays,
        [FromForm(Name = "others_content")] string? othersContent,
        [FromForm] string? confirmed,
        PageContext page,
        HttpContext context,
        Actor actor,
        PolicyChanges changes,
        CapturePolicies policies)
    {
        var asked = new PolicyFields(mode, membersMay, Number(contentDays), Number(usageDays), othersContent);
        if (asked.Problems() is { Count: > 0 } problems)
        {
            return Page(page, asked, StatusCodes.Status400BadRequest, problems);
        }

        var before = policies.Now.Policy;
        var turnsOn = before.Mode is not CaptureMode.Full && asked.ApplyTo(before).Mode is CaptureMode.Full;
        if (turnsOn && confirmed != Confirmed && page.Me?.User.Role is User.Owner)
        {
            return new RazorComponentResult<FullRecordingPage>(new { Context = page, Asked = asked });
        }

        return await changes.ChangeAsync(actor, asked) is not null
            ? Redirects.See(Path + "?done=changed")
            : Problems.Page(context, StatusCodes.Status403Forbidden, "Nothing was changed", RecordingTexts.OwnersOnly);
    }

    /// <returns>Null when the form has no such field; 0, which is out of range, for what is no number.</returns>
    private static long? Number(string? text) =>
        text is null ? null : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static RazorComponentResult<PolicyPage> Page(
        PageContext page, PolicyFields fields, int status, Dictionary<string, string[]>? problems = null, string? said = null) =>
        new(new { Context = page, Fields = fields, Problems = problems ?? [], Said = said }) { StatusCode = status };
}
