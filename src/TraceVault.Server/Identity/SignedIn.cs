using System.Security.Claims;

namespace TraceVault.Identity;

/// <summary>The user who is signed in on this request, and their session.</summary>
public sealed record SignedIn(User User, string SessionId, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    public static ValueTask<SignedIn?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<SignedIn>());

    public ClaimsPrincipal ToPrincipal(string scheme) =>
        new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, User.Id), new Claim(ClaimTypes.Role, User.Role)], scheme));
}
