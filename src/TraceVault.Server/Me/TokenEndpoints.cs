using TraceVault.Accounts;
using TraceVault.Api;
using TraceVault.Identity;
using TraceVault.Logging;

namespace TraceVault.Me;

internal sealed record TokenRequest(string? Name, int? ExpiresInDays);

public sealed record ListedToken(string Id, string Name, string Scope, DateTime CreatedAt, DateTime? ExpiresAt, DateTime? LastUsedAt);

/// <summary>A new proxy token: it is shown here and never again.</summary>
public sealed record CreatedToken(string Id, string Name, string Scope, string Token, DateTime CreatedAt, DateTime? ExpiresAt)
{
    public override string ToString() => "[created token]";
}

/// <summary>The signed-in user's proxy tokens, over JSON.</summary>
internal static class TokenEndpoints
{
    /// <summary>What every proxy token may be used for.</summary>
    private const string Scope = "proxy";

    public static async Task<IEnumerable<ListedToken>> ListAsync(SignedIn me, ProxyTokens tokens, CancellationToken cancel) =>
        (await tokens.ListAsync(me.User.Id, cancel)).Select(token => new ListedToken(
            token.Id,
            token.Name,
            Scope,
            token.CreatedAt.UtcDateTime,
            token.ExpiresAt?.UtcDateTime,
            token.LastUsedAt?.UtcDateTime));

    public static async Task<IResult> CreateAsync(
        TokenRequest request, SignedIn me, Actor actor, ProxyTokens tokens, CancellationToken cancel)
    {
        var (created, field, problem) = await TryCreateAsync(request, me, actor, tokens, cancel);
        return created is not null ? TypedResults.Json(created, statusCode: StatusCodes.Status201Created)
            : field is not null ? ManagementApi.Invalid(field, problem!)
            : TypedResults.Problem(problem, statusCode: StatusCodes.Status409Conflict);
    }

    /// <summary>Creates a token, for both the API and the page.</summary>
    /// <returns>
    /// The token, or a problem: with a field, or without one when there are too many tokens or already one with that id.
    /// </returns>
    public static async Task<(CreatedToken? Created, string? Field, string? Problem)> TryCreateAsync(
        TokenRequest request, SignedIn me, Actor actor, ProxyTokens tokens, CancellationToken cancel, Guid? id = null)
    {
        var name = request.Name?.Trim() ?? "";
        if (name.Length is 0 or > ProxyTokens.MaxNameLength || !PlainText.Is(name))
        {
            return (null, "name", $"Name the token after what it is for, in 1 to {ProxyTokens.MaxNameLength} printable characters.");
        }

        if (Redaction.Of(name) != name)
        {
            return (null, "name", "This looks like a secret, and a name is shown. Name the token after what it is for.");
        }

        if (request.ExpiresInDays is < 1 or > ProxyTokens.MaxDays)
        {
            return (
                null,
                "expires_in_days",
                $"It takes a whole number from 1 to {ProxyTokens.MaxDays}; leave it out for a token that is valid until it is revoked.");
        }

        var lifetime = request.ExpiresInDays is { } days ? TimeSpan.FromDays(days) : (TimeSpan?)null;
        return await tokens.CreateAsync(me.User.Id, me.SessionId, name, lifetime, actor, cancel, id) is var (token, listed)
            ? (
                new CreatedToken(
                    listed.Id,
                    listed.Name,
                    Scope,
                    token.Reveal(),
                    listed.CreatedAt.UtcDateTime,
                    listed.ExpiresAt?.UtcDateTime),
                null,
                null)
            : (null, null, $"You have {ProxyTokens.MaxPerUser} proxy tokens, which is the maximum. Revoke one that nobody uses.");
    }

    public static async Task<IResult> RevokeAsync(string id, SignedIn me, Actor actor, ProxyTokens tokens) =>
        await tokens.RevokeAsync(me.User.Id, id, actor)
            ? TypedResults.NoContent()
            : TypedResults.Problem("You have no such token.", statusCode: StatusCodes.Status404NotFound);
}
