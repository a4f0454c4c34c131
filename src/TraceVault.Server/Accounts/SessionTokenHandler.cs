using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace TraceVault.Accounts;

/// <summary>Authenticates the API by a session token in a header. Cookies mean nothing here.</summary>
internal sealed class SessionTokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, Sessions sessions, TimeProvider clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "SessionToken";

    /// <summary>A use within this time of the last recorded one is not written again.</summary>
    private static readonly TimeSpan TouchInterval = TimeSpan.FromMinutes(1);

    private int _status = StatusCodes.Status401Unauthorized;
    private string _problem = "No TraceVault token was sent. Sign in with `tracevault login`.";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var credential = Credentials.Read(Request.Headers, out var token);
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
            return Refuse("A proxy token is good for the proxy alone. Sign in with `tracevault login` for everything else.");
        }

        if (!isToken || await sessions.FindAsync(presented.Hash, Context.RequestAborted) is not { } session)
        {
            return Refuse("This token is not known, or its session was ended. Sign in again with `tracevault login`.");
        }

        var (now, created) = (clock.GetUtcNow(), DateTimeOffset.FromUnixTimeMilliseconds(session.CreatedAt));
        var expires = DateTimeOffset.FromUnixTimeMilliseconds(session.ExpiresAt);
        if (now >= expires)
        {
            return Refuse($"This session expired at {expires:yyyy-MM-ddTHH:mm:ssZ}. Sign in again with `tracevault login`.");
        }

        if (now - DateTimeOffset.FromUnixTimeMilliseconds(session.LastUsedAt) > TouchInterval)
        {
            await sessions.TouchAsync(session.Id, created, now, Context.RequestAborted);
            expires = Sessions.ExpiryAfterUse(created, now);
        }

        Context.Features.Set(new SignedIn(new User(session.UserId, session.Email, session.Name, session.Role), session.Id, created, expires));
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, session.UserId), new Claim(ClaimTypes.Role, session.Role)], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_status == StatusCodes.Status401Unauthorized)
        {
            Response.Headers.WWWAuthenticate = "Bearer";
        }

        return TypedResults.Problem(_problem, statusCode: _status).ExecuteAsync(Context);
    }

    private AuthenticateResult Refuse(string problem)
    {
        _problem = problem;
        return AuthenticateResult.Fail(problem);
    }
}

/// <summary>Who is signed in on this request, and by which session.</summary>
internal sealed record SignedIn(User User, string SessionId, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    public static ValueTask<SignedIn?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<SignedIn>());
}
