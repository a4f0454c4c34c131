using TraceVault.Api;
using TraceVault.Pages;
using TraceVault.Storage;

namespace TraceVault.Members;

internal static class MembersFeature
{
    public static WebApplicationBuilder AddMembers(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Membership>();
        builder.Services.AddExpiring<Invites>();
        builder.Services.AddExpiring<PasswordResets>();
        builder.Services.AddSingleton<PasswordChange>();
        builder.Services.AddJson(MembersJson.Default);
        return builder;
    }

    public static void MapMembers(this WebApplication app)
    {
        app.MapMembersApi();
        app.MapMembersPages();
    }

    private static void MapMembersApi(this WebApplication app)
    {
        app.MapApi("/me/password").MapPost("", MemberEndpoints.ChangePasswordAsync);

        var members = app.MapAdminApi("/members");
        members.MapGet("", MemberEndpoints.ListAsync);
        members.MapDelete("/{id}", MemberEndpoints.RemoveAsync);
        members.MapPut("/{id}/role", MemberEndpoints.ChangeRoleAsync);
        members.MapPost("/{id}/disable", MemberEndpoints.DisableAsync);
        members.MapPost("/{id}/enable", MemberEndpoints.EnableAsync);
        members.MapPost("/{id}/password-reset", MemberEndpoints.ResetPasswordAsync);
        members.MapDelete("/{id}/sessions", MemberEndpoints.EndSessionsAsync);

        var invites = app.MapAdminApi("/invites");
        invites.MapGet("", InviteEndpoints.ListAsync);
        invites.MapPost("", InviteEndpoints.CreateAsync);
        invites.MapDelete("/{id}", InviteEndpoints.WithdrawAsync);
    }

    private static void MapMembersPages(this WebApplication app)
    {
        var links = app.MapPages("");
        links.MapGet("/invite/{token}", InvitePages.ShowAsync);
        links.MapPost("/invite/{token}", InvitePages.AcceptAsync);
        links.MapGet("/reset/{token}", ResetPages.ShowAsync);
        links.MapPost("/reset/{token}", ResetPages.UseAsync);

        var mine = app.MapPrivatePages("/me/password");
        mine.MapGet("", PasswordPages.Show);
        mine.MapPost("", PasswordPages.ChangeAsync);

        var admin = app.MapAdminPages("/admin");
        admin.MapGet("/users", MemberPages.ListAsync);
        admin.MapGet("/users/{id}", MemberPages.ShowAsync);
        admin.MapPost("/users/{id}/role", MemberPages.ChangeRoleAsync);
        admin.MapGet("/users/{id}/{step}", MemberPages.ConfirmAsync);
        admin.MapPost("/users/{id}/{step}", MemberPages.ActAsync);
        admin.MapPost("/invites", MemberPages.InviteAsync);
        admin.MapGet("/invites/{id}/withdraw", MemberPages.ConfirmWithdrawalAsync);
        admin.MapPost("/invites/{id}/withdraw", MemberPages.WithdrawAsync);
    }
}
