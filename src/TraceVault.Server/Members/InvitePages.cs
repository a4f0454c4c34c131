using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts;
using TraceVault.Accounts.Passwords;
using TraceVault.Hosting;
using TraceVault.Identity;
using TraceVault.Pages;

namespace TraceVault.Members;

/// <summary>
/// The page of an invite's link: somebody chooses a name and a password and gets an account. Opening the page does not use the link up.
/// </summary>
internal static class InvitePages
{
    public static async Task<IResult> ShowAsync(
        string token, PageContext page, HttpContext context, Invites invites, PublicUrl publicUrl, CancellationToken cancel) =>
        await FindAsync(token, invites, cancel) is not { } invite ? LinkTokens.Unknown(context)
            : invites.IsExpired(invite) ? LinkTokens.Expired(context, invite.ExpiresAt)
            : Page(page, invite, publicUrl, StatusCodes.Status200OK);

    public static async Task<IResult> AcceptAsync(
        string token,
        [FromForm] string? name,
        [FromForm] string? password,
        PageContext page,
        HttpContext context,
        Invites invites,
        PublicUrl publicUrl,
        PasswordHashes passwords,
        Turnstile turnstile,
        SessionReader reader,
        Sessions sessions,
        CancellationToken cancel)
    {
        if (await FindAsync(token, invites, cancel) is not { } invite)
        {
            return LinkTokens.Unknown(context);
        }

        if (invites.IsExpired(invite))
        {
            return LinkTokens.Expired(context, invite.ExpiresAt);
        }

        var chosen = string.IsNullOrWhiteSpace(name) ? null : name.Trim();
        if (chosen is not null && (chosen.Length > FirstRun.MaxNameLength || !PlainText.Is(chosen)))
        {
            var unfit = $"A name takes at most {FirstRun.MaxNameLength} printable characters.";
            return Page(page, invite, publicUrl, StatusCodes.Status400BadRequest, name, "name", unfit);
        }

        if (PasswordRules.Problem(password, EmailAddress.Of(invite.Email)) is { } problem)
        {
            return Page(page, invite, publicUrl, StatusCodes.Status400BadRequest, name, "password", problem);
        }

        LinkTokens.TryRead(token, out var link);
        using var turn = await turnstile.EnterAsync(LinkTokens.Line(link), cancel);
        if (turn is null)
        {
            return LinkTokens.Busy(context);
        }

        if (await invites.FindAsync(link, cancel) is null)
        {
            return LinkTokens.Unknown(context); // somebody has used it since: no password is hashed
        }

        var hash = await passwords.HashAsync(password!, cancel);
        return await invites.AcceptAsync(link, chosen, hash, Origin.Of(context)) is { } user
            ? await LinkTokens.SignInAsync(context, user, hash, reader, sessions, cancel)
            : LinkTokens.Unknown(context);
    }

    private static async Task<Invite?> FindAsync(string token, Invites invites, CancellationToken cancel) =>
        LinkTokens.TryRead(token, out var link) ? await invites.FindAsync(link, cancel) : null;

    private static RazorComponentResult<InvitePage> Page(
        PageContext page,
        Invite invite,
        PublicUrl publicUrl,
        int status,
        string? name = null,
        string? field = null,
        string? problem = null) =>
        new(new
        {
            Context = page,
            Invite = invite,
            Host = new Uri(publicUrl.Origin).Authority,
            Name = name,
            Field = field,
            Problem = problem,
        })
        { StatusCode = status };
}
