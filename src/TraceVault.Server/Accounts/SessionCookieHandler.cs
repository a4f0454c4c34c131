using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using TraceVault.Identity;

namespace TraceVault.Accounts;

/// <summary>Authenticates pages by the session cookie. It ignores headers, as the API and the proxy ignore cookies.</summary>
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

    /// <summary>
    /// Redirects to the sign-in page, from which the visitor comes back here. A form is not sent again by itself, so after a form the
    /// visitor comes to the start page. Whoever came with a session is told that it is over.
    /// </summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var hadSession = SessionCookie.Read(Request) is not null;
        Response.StatusCode = StatusCodes.Status303SeeOther;
        Response.Headers.Location = HttpMethods.IsGet(Request.Method)
            ? $"/auth/login?return_to={Uri.EscapeDataString(Request.Path + Request.QueryString)}{(hadSession ? "&ended" : "")}"
            : hadSession ? "/auth/login?ended" : "/auth/login";
        return Task.CompletedTask;
    }
}
