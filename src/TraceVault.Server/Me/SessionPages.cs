using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Pages;

namespace TraceVault.Me;

/// <summary>Shows where a user is signed in, and ends sessions.</summary>
internal static class SessionPages
{
    private const string Path = "/me/sessions";

    public static async Task<IResult> ShowAsync(
        [FromQuery] string? done, PageContext page, SignedIn me, Sessions sessions, CancellationToken cancel) =>
        new RazorComponentResult<SessionsPage>(new
        {
            Context = page,
            Sessions = (await MeEndpoints.ListSessionsAsync(me, sessions, cancel)).ToList(),
            Said = done switch
            {
                "one" => "The session is ended.",
                "others" => "All other sessions are ended.",
                _ => null,
            },
        });

    public static async Task<IResult> EndAsync([FromForm] string? id, SignedIn me, Actor actor, HttpContext context, Sessions sessions)
    {
        await sessions.EndAsync(me.User.Id, id ?? "", AuditActions.SessionEnded, actor);
        if (id == me.SessionId)
        {
            SessionCookie.Delete(context);
            return Redirects.See("/auth/login");
        }

        return Redirects.See(Path + "?done=one");
    }

    public static async Task<IResult> EndOthersAsync(SignedIn me, Actor actor, Sessions sessions)
    {
        await sessions.EndOthersAsync(me.User.Id, me.SessionId, actor);
        return Redirects.See(Path + "?done=others");
    }
}
