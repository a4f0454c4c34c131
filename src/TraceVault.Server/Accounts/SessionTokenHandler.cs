using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using TraceVault.Identity;

namespace TraceVault.Accounts;

/// <summary>Authenticates the API by a session token in a header. It ignores cookies.</summary>
internal sealed class SessionTokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, SessionReader sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    private int _status = StatusCodes.Status401Unauthorized;
    private string _problem = "No TraceVault token was sent. Sign in with `tracevault login`.";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var credential = Credentials.Read(Request.Headers, Credentials.OfApi, out var token);
        if (credential is CredentialKind.Missing)
        {
            return AuthenticateResult.NoResult();
        }

        if (credential is CredentialKind.Conflicting)
        {
            return Refuse("Two different tokens were sent. Send one.");
        }

        var isToken = AccessToken.TryRead(token, out var presented);
        if (isToken && presented.Kind is TokenKind.Proxy)
        {
            _status = StatusCodes.Status403Forbidden;
            return Refuse("A proxy token is good only for the proxy. Sign in with `tracevault login` for everything else.");
        }

        var session = isToken && presented.Kind is TokenKind.Session
            ? await sessions.ReadAsync(presented.Hash, Context.RequestAborted)
            : default;
        return session switch
        {
            { SignedIn: { } me } => Success(me),
            { ExpiredAt: { } expired } => Refuse(
                $"This session expired at {expired:yyyy-MM-ddTHH:mm:ssZ}. Sign in again with `tracevault login`."),
            _ => Refuse("This token is not known, or its session was ended. Sign in again with `tracevault login`."),
        };
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_status == StatusCodes.Status401Unauthorized)
        {
            Response.Headers.WWWAuthenticate = "Bearer";
        }

        return TypedResults.Problem(_problem, statusCode: _status).ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        TypedResults.Problem("This is for the owner and the administrators of this server.", statusCode: StatusCodes.Status403Forbidden)
            .ExecuteAsync(Context);

    private AuthenticateResult Success(SignedIn me)
    {
        Context.Features.Set(me);
        return AuthenticateResult.Success(new AuthenticationTicket(me.ToPrincipal(Access.TokenScheme), Access.TokenScheme));
    }

    private AuthenticateResult Refuse(string problem)
    {
        _problem = problem;
        return AuthenticateResult.Fail(problem);
    }
}
