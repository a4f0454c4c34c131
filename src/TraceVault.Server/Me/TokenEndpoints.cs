using TraceVault.Accounts;

namespace TraceVault.Me;

internal sealed record TokenRequest(string? Name, int? ExpiresInDays);

internal sealed record ListedToken(string Id, string Name, string Scope, DateTime CreatedAt, DateTime? ExpiresAt, DateTime? LastUsedAt);

/// <summary>A fresh proxy token: it is shown here and never again.</summary>
internal sealed record CreatedToken(string Id, string Name, string Scope, string Token, DateTime CreatedAt, DateTime? ExpiresAt)
{
    public override string ToString() => "[created token]";
}

/// <summary>The signed-in user's proxy tokens, over JSON.</summary>
internal static class TokenEndpoints
{
    /// <summary>What every one of them is good for.</summary>
    private const string Scope = "proxy";

    public static async Task<IEnumerable<ListedToken>> ListAsync(SignedIn me, ProxyTokens tokens, CancellationToken cancel) =>
        (await tokens.ListAsync(me.User.Id, cancel)).Select(token => new ListedToken(
            token.Id, token.Name, Scope, MeEndpoints.Time(token.CreatedAt), MeEndpoints.Time(token.ExpiresAt), MeEndpoints.Time(token.LastUsedAt)));

    public static async Task<IResult> CreateAsync(TokenRequest request, SignedIn me, ProxyTokens tokens, CancellationToken cancel)
    {
        var name = request.Name?.Trim() ?? "";
        if (name.Length is 0 or > ProxyTokens.MaxNameLength || name.Any(char.IsControl))
        {
            return MeEndpoints.Invalid("name", $"Name the token after what it is for, in 1 to {ProxyTokens.MaxNameLength} characters.");
        }

        if (request.ExpiresInDays is < 1 or > ProxyTokens.MaxDays)
        {
            return MeEndpoints.Invalid("expires_in_days", $"It takes a whole number from 1 to {ProxyTokens.MaxDays}; leave it out for a token that lives until it is revoked.");
        }

        var lifetime = request.ExpiresInDays is { } days ? TimeSpan.FromDays(days) : (TimeSpan?)null;
        return await tokens.CreateAsync(me.User.Id, name, lifetime, cancel) is var (token, listed)
            ? TypedResults.Json(
                new CreatedToken(listed.Id, listed.Name, Scope, token.Reveal(), MeEndpoints.Time(listed.CreatedAt), MeEndpoints.Time(listed.ExpiresAt)),
                statusCode: StatusCodes.Status201Created)
            : TypedResults.Problem($"You have {ProxyTokens.MaxPerUser} proxy tokens, which is the most. Revoke one that nobody uses.", statusCode: StatusCodes.Status409Conflict);
    }

    public static async Task<IResult> RevokeAsync(string id, SignedIn me, ProxyTokens tokens) =>
        await tokens.RevokeAsync(me.User.Id, id)
            ? TypedResults.NoContent()
            : TypedResults.Problem("You have no such token.", statusCode: StatusCodes.Status404NotFound);
}
