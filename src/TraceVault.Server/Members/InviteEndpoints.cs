using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Api;
using TraceVault.Hosting;
using TraceVault.Identity;

namespace TraceVault.Members;

internal sealed record InviteRequest(string? Email, string? Role);

internal sealed record ListedInvite(string Id, string Email, string Role, string InvitedBy, DateTime CreatedAt, DateTime ExpiresAt);

/// <summary>A new invite: its link is shown here and never again.</summary>
internal sealed record CreatedInvite(string Id, string Email, string Role, string Url, DateTime CreatedAt, DateTime ExpiresAt)
{
    public override string ToString() => "[created invite]";
}

/// <summary>Invites over JSON, for administrators.</summary>
internal static class InviteEndpoints
{
    public static async Task<IEnumerable<ListedInvite>> ListAsync(Invites invites, CancellationToken cancel) =>
        (await invites.ListAsync(cancel)).Select(invite => new ListedInvite(
            invite.Id, invite.Email, invite.Role, invite.InvitedBy, invite.CreatedAt.UtcDateTime, invite.ExpiresAt.UtcDateTime));

    public static async Task<IResult> CreateAsync(InviteRequest request, Actor actor, Invites invites, PublicUrl publicUrl)
    {
        if (!EmailAddress.TryParseNew(request.Email, out var email))
        {
            return ManagementApi.Invalid("email", "This is not an e-mail address.");
        }

        if (!MemberPolicy.Roles.Contains(request.Role!))
        {
            return ManagementApi.Invalid("role", MemberTexts.UnknownRole);
        }

        return await invites.CreateAsync(actor, email, request.Role!) switch
        {
            { Invite: { } invite, Link: { } link } => TypedResults.Json(
                new CreatedInvite(
                    invite.Id,
                    invite.Email,
                    invite.Role,
                    MemberLinks.Invite(publicUrl.Origin, link),
                    invite.CreatedAt.UtcDateTime,
                    invite.ExpiresAt.UtcDateTime),
                statusCode: StatusCodes.Status201Created),
            { Outcome: var outcome } => Problem(outcome),
        };
    }

    public static async Task<IResult> WithdrawAsync(string id, Actor actor, Invites invites) =>
        await invites.WithdrawAsync(actor, id) is var outcome and not InviteOutcome.Done ? Problem(outcome) : TypedResults.NoContent();

    private static ProblemHttpResult Problem(InviteOutcome outcome) =>
        TypedResults.Problem(MemberTexts.Of(outcome), statusCode: MemberTexts.Status(outcome));
}
