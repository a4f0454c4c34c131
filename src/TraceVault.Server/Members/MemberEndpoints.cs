using TraceVault.Accounts;
using TraceVault.Api;
using TraceVault.Hosting;
using TraceVault.Identity;

namespace TraceVault.Members;

internal sealed record ListedMember(
    string Id, string Email, string? Name, string Role, DateTime CreatedAt, DateTime? LastSeenAt, DateTime? DisabledAt);

internal sealed record RoleRequest(string? Role);

/// <summary>A link to send to somebody: it is shown here and never again.</summary>
internal sealed record LinkAnswer(string Url, DateTime ExpiresAt)
{
    public override string ToString() => "[link]";
}

internal sealed record PasswordRequest(string? CurrentPassword, string? NewPassword)
{
    public override string ToString() => "[password request]";
}

/// <summary>The members over JSON, for administrators, and changing one's own password.</summary>
internal static class MemberEndpoints
{
    public static async Task<IEnumerable<ListedMember>> ListAsync(Membership members, CancellationToken cancel) =>
        (await members.ListAsync(cancel)).Select(member => new ListedMember(
            member.Id,
            member.Email,
            member.Name,
            member.Role,
            member.CreatedAt.UtcDateTime,
            member.LastSeenAt?.UtcDateTime,
            member.DisabledAt?.UtcDateTime));

    public static async Task<IResult> ChangeRoleAsync(string id, RoleRequest request, Actor actor, Membership members) =>
        MemberPolicy.Roles.Contains(request.Role!)
            ? Answer(await members.ChangeRoleAsync(actor, id, request.Role!))
            : ManagementApi.Invalid("role", MemberTexts.UnknownRole);

    public static async Task<IResult> DisableAsync(string id, Actor actor, Membership members) =>
        Answer(await members.DisableAsync(actor, id));

    public static async Task<IResult> EnableAsync(string id, Actor actor, Membership members) =>
        Answer(await members.EnableAsync(actor, id));

    public static async Task<IResult> RemoveAsync(string id, Actor actor, Membership members) =>
        Answer(await members.RemoveAsync(actor, id));

    public static async Task<IResult> EndSessionsAsync(string id, Actor actor, Membership members) =>
        Answer(await members.EndSessionsAsync(actor, id));

    public static async Task<IResult> ResetPasswordAsync(string id, Actor actor, PasswordResets resets, PublicUrl publicUrl)
    {
        var issued = await resets.IssueAsync(actor, id);
        return issued.Link is { } link
            ? TypedResults.Json(
                new LinkAnswer(MemberLinks.Reset(publicUrl.Origin, link), link.ExpiresAt.UtcDateTime),
                statusCode: StatusCodes.Status201Created)
            : Answer(issued.Outcome);
    }

    public static async Task<IResult> ChangePasswordAsync(
        PasswordRequest request, SignedIn me, HttpContext context, PasswordChange password, CancellationToken cancel)
    {
        var result = await password.TryAsync(me, request.CurrentPassword, request.NewPassword, context, cancel);
        return result.Outcome switch
        {
            PasswordOutcome.Done => TypedResults.NoContent(),
            PasswordOutcome.TooMany => AccountEndpoints.TooManyAttempts(context, result.Wait),
            PasswordOutcome.Wrong => ManagementApi.Invalid("current_password", PasswordChange.WrongCurrent),
            _ => ManagementApi.Invalid("new_password", result.Problem!),
        };
    }

    private static IResult Answer(MemberOutcome outcome) => outcome is MemberOutcome.Done or MemberOutcome.Unchanged
        ? TypedResults.NoContent()
        : TypedResults.Problem(MemberTexts.Of(outcome), statusCode: MemberTexts.Status(outcome));
}
