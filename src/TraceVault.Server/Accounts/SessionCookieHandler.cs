using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using TraceVault.Identity;

namespace TraceVault.Accounts;

/// <summary>Authenticates pages by the session cookie. Headers mean nothing here, as cookies mean nothing to the API and the proxy.</summary>
internal sealed class SessionCookieHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, SessionReader sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (SessionCookie.Read(Request) is not { } token)
        {
            return AuthenticateResult.NoResult();
        }

        var session = AccessToken.TryRead(token, out var presented) && presented.Kind is TokenKind.Session
            ? await sessions.ReadAsync(presented.Hash, Context.RequestAborted)
            : default;
        if (session.SignedIn is not { } me)
        {
            SessionCookie.Delete(Context);
            return AuthenticateResult.Fail("The session is over.");
        }

        if (session.IsMoved)
        {
            SessionCookie.Write(Context, token, me.ExpiresAt);
        }

        Context.Features.Set(me);
        return AuthenticateResult.Success(new AuthenticationTicket(me.ToPrincipal(Access.CookieScheme), Access.CookieScheme));
    }

    /// <summary>To the sign-in page and back; a form that was sent is not sent again by itself, so from there to the start. Who came with a session is told that it is over.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status303SeeOther;
        Response.Headers.Location = HttpMethods.IsGet(Request.Method)
            ? $"/auth/login?return_to={Uri.EscapeDataString(Request.Path + Request.QueryString)}{(SessionCookie.Read(Request) is null ? "" : "&ended")}"
            : SessionCookie.Read(Request) is null ? "/auth/login" : "/auth/login?ended";
        return Task.CompletedTask;
    }
}
