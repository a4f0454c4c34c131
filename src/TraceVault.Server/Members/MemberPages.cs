using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Hosting;
using TraceVault.Identity;
using TraceVault.Pages;

namespace TraceVault.Members;

/// <summary>
/// The members in a browser, for owners and administrators. Whatever ends or deletes something has its own page to confirm it.
/// </summary>
internal static class MemberPages
{
    private const string Home = "/admin/users";

    public static async Task<IResult> ListAsync(
        [FromQuery] string? done,
        [FromQuery] string? removed,
        PageContext page,
        Membership members,
        Invites invites,
        CancellationToken cancel) =>
        await ListPageAsync(page, members, invites, StatusCodes.Status200OK, cancel, done:
            done == "withdrawn" ? "The invitation is withdrawn."
            : removed is not null && await members.RemovedEmailAsync(removed, cancel) is { } email ? $"The account of {email} is removed."
            : null);

    public static async Task<IResult> ShowAsync(
        string id, [FromQuery] string? done, PageContext page, HttpContext context, Membership members, CancellationToken cancel) =>
        await members.FindAsync(id, cancel) is { } member
            ? MemberPage(page, member, StatusCodes.Status200OK, done: DoneText(done))
            : Problem(context, MemberOutcome.Unknown);

    public static async Task<IResult> ConfirmAsync(
        string id,
        string step,
        PageContext page,
        HttpContext context,
        Membership members,
        PasswordResets resets,
        CancellationToken cancel)
    {
        if (await members.FindAsync(id, cancel) is not { } member || MemberStep.Find(step) is not { } asked)
        {
            return Problem(context, MemberOutcome.Unknown);
        }

        return MemberPolicy.Allows(page.Me!.User.Role, asked.Action, member.Role, member.Id == page.Me.User.Id)
            ? ConfirmPage(
                page,
                $"{asked.Button}: {member.Email}",
                asked.Effect,
                $"{Home}/{member.Id}/{asked.Slug}",
                asked.Button,
                $"{Home}/{member.Id}",
                asked.Action is MemberAction.ResetPassword ? await resets.LatestAsync(id, cancel) : null)
            : Problem(context, MemberOutcome.NotAllowed);
    }

    public static async Task<IResult> ActAsync(
        string id,
        string step,
        [FromForm] string? replaces,
        PageContext page,
        HttpContext context,
        Actor actor,
        Membership members,
        PasswordResets resets,
        PublicUrl publicUrl,
        CancellationToken cancel)
    {
        if (MemberStep.Find(step) is not { } asked)
        {
            return Problem(context, MemberOutcome.Unknown);
        }

        if (asked.Action is MemberAction.ResetPassword)
        {
            var issued = await resets.IssueAsync(actor, id, replaces ?? PasswordResets.NoLink);
            return issued.Link is { } link
                ? LinkPage(page, $"Reset link for {issued.Email}", MemberLinks.Reset(publicUrl.Origin, link), link.ExpiresAt)
                : await ResultAsync(issued.Outcome, id, asked, page, context, members, cancel);
        }

        var outcome = asked.Action switch
        {
            MemberAction.Disable => await members.DisableAsync(actor, id),
            MemberAction.Enable => await members.EnableAsync(actor, id),
            MemberAction.Remove => await members.RemoveAsync(actor, id),
            MemberAction.EndSessions => await members.EndSessionsAsync(actor, id),
            _ => throw new InvalidOperationException($"{asked.Action} has no step."),
        };
        return await ResultAsync(outcome, id, asked, page, context, members, cancel);
    }

    public static async Task<IResult> ChangeRoleAsync(
        string id,
        [FromForm] string? role,
        PageContext page,
        HttpContext context,
        Actor actor,
        Membership members,
        CancellationToken cancel)
    {
        if (!MemberPolicy.Roles.Contains(role!))
        {
            return Problems.Page(context, StatusCodes.Status400BadRequest, "The role was not changed", MemberTexts.UnknownRole);
        }

        return await members.ChangeRoleAsync(actor, id, role!) switch
        {
            MemberOutcome.Done => Redirects.See($"{Home}/{id}?done=role"),
            MemberOutcome.Unchanged => Redirects.See($"{Home}/{id}?done=same-role"),
            var outcome => await ProblemAsync(outcome, id, page, context, members, cancel),
        };
    }

    public static async Task<IResult> InviteAsync(
        [FromForm] string? id,
        [FromForm] string? email,
        [FromForm] string? role,
        PageContext page,
        Actor actor,
        Membership members,
        Invites invites,
        PublicUrl publicUrl,
        CancellationToken cancel)
    {
        if (!EmailAddress.TryParseNew(email, out var address) || !MemberPolicy.Roles.Contains(role!))
        {
            return await ListPageAsync(
                page, members, invites, StatusCodes.Status400BadRequest, cancel, email, "This is not an e-mail address.");
        }

        var created = await invites.CreateAsync(actor, address, role!, Guid.TryParseExact(id, "D", out var chosen) ? chosen : null);
        return created.Link is { } link
            ? LinkPage(page, $"Invitation for {address.Text}", MemberLinks.Invite(publicUrl.Origin, link), link.ExpiresAt)
            : await ListPageAsync(
                page, members, invites, MemberTexts.Status(created.Outcome), cancel, email, MemberTexts.Of(created.Outcome));
    }

    public static async Task<IResult> ConfirmWithdrawalAsync(
        string id, PageContext page, HttpContext context, Invites invites, CancellationToken cancel) =>
        await invites.FindAsync(id, cancel) is not { } invite ? Problem(context, InviteOutcome.Unknown)
            : !MemberPolicy.MayGrant(page.Me!.User.Role, invite.Role) ? Problem(context, InviteOutcome.NotAllowed)
            : ConfirmPage(
                page,
                $"Withdraw the invitation of {invite.Email}",
                "Its link stops working at once. You can invite the address again.",
                $"/admin/invites/{invite.Id}/withdraw",
                "Withdraw the invitation",
                Home);

    public static async Task<IResult> WithdrawAsync(string id, HttpContext context, Actor actor, Invites invites) =>
        await invites.WithdrawAsync(actor, id) is var outcome and not InviteOutcome.Done
            ? Problem(context, outcome)
            : Redirects.See($"{Home}?done=withdrawn");

    private static Task<IResult> ResultAsync(
        MemberOutcome outcome,
        string id,
        MemberStep step,
        PageContext page,
        HttpContext context,
        Membership members,
        CancellationToken cancel) =>
        outcome is MemberOutcome.Done
            ? Task.FromResult(Redirects.See(step.IsFinal ? $"{Home}?removed={id}" : $"{Home}/{id}?done={step.Slug}"))
            : ProblemAsync(outcome, id, page, context, members, cancel);

    /// <summary>Shows the problem on the member's own page, if the member still exists.</summary>
    private static async Task<IResult> ProblemAsync(
        MemberOutcome outcome, string id, PageContext page, HttpContext context, Membership members, CancellationToken cancel) =>
        await members.FindAsync(id, cancel) is { } member
            ? MemberPage(page, member, MemberTexts.Status(outcome), MemberTexts.Of(outcome))
            : Problem(context, outcome);

    private static ProblemResult Problem(HttpContext context, MemberOutcome outcome) => outcome is MemberOutcome.Unknown
        ? Problems.Page(
            context,
            MemberTexts.Status(outcome),
            "There is no such member",
            "The address may be mistyped, or somebody has removed them. All members are listed under People.")
        : Problems.Page(context, MemberTexts.Status(outcome), "Nothing was changed", MemberTexts.Of(outcome));

    private static ProblemResult Problem(HttpContext context, InviteOutcome outcome) => outcome is InviteOutcome.Unknown
        ? Problems.Page(
            context,
            MemberTexts.Status(outcome),
            "There is no such invitation",
            "It was used or withdrawn. The open ones are listed under People.")
        : Problems.Page(context, MemberTexts.Status(outcome), "Nothing was changed", MemberTexts.Of(outcome));

    private static async Task<IResult> ListPageAsync(
        PageContext page,
        Membership members,
        Invites invites,
        int status,
        CancellationToken cancel,
        string? email = null,
        string? problem = null,
        string? done = null) =>
        new RazorComponentResult<MembersPage>(new
        {
            Context = page,
            Members = await members.ListAsync(cancel),
            Invites = await invites.ListAsync(cancel),
            NewId = Guid.CreateVersion7(),
            Email = email,
            Problem = problem,
            Done = done,
        })
        { StatusCode = status };

    private static string? DoneText(string? done) => done switch
    {
        "role" => "The role is changed.",
        "same-role" => "They have this role already. Nothing was changed.",
        null => null,
        _ => MemberStep.Find(done)?.Done,
    };

    private static RazorComponentResult<MemberPage> MemberPage(
        PageContext page, Member member, int status, string? problem = null, string? done = null) =>
        new(new { Context = page, Member = member, Problem = problem, Done = done }) { StatusCode = status };

    private static RazorComponentResult<ConfirmPage> ConfirmPage(
        PageContext page, string title, string text, string action, string button, string back, string? replaces = null) =>
        new(new { Context = page, Title = title, Text = text, Action = action, Button = button, Back = back, Replaces = replaces });

    private static RazorComponentResult<LinkPage> LinkPage(PageContext page, string title, string url, DateTimeOffset expiresAt) =>
        new(new { Context = page, Title = title, Url = url, ExpiresAt = expiresAt });
}
