namespace TraceVault.Identity;

/// <summary>Who does something, and from where.</summary>
/// <param name="UserId">Null for somebody who is not signed in, and for the operator at the machine itself.</param>
/// <param name="Email">The address at the time: the log outlives accounts.</param>
internal sealed record Actor(string? UserId, string? Email, Origin Origin)
{
    /// <summary>The user who is signed in on this request; otherwise somebody unknown at its address.</summary>
    public static Actor Of(HttpContext context) =>
        context.Features.Get<SignedIn>() is { } me ? Of(me.User, context) : new Actor(null, null, Origin.Of(context));

    public static Actor Of(User user, HttpContext context) => new(user.Id, user.Email, Origin.Of(context));

    public static ValueTask<Actor> BindAsync(HttpContext context) => ValueTask.FromResult(Of(context));
}
