using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts;
using TraceVault.Api;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Keys;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Me;

internal sealed record MeAnswer(string Id, string Email, string? Name, string Role, SessionAnswer Session);

internal sealed record SessionAnswer(string Id, DateTime CreatedAt, DateTime ExpiresAt);

public sealed record ListedSession(
    string Id, string? Client, string? Address, DateTime CreatedAt, DateTime LastUsedAt, DateTime ExpiresAt, bool Current);

/// <param name="WorksSince">Since when Anthropic has accepted the key; left out if it has not, or if the key was never tried.</param>
/// <param name="RefusedAt">Since when Anthropic has answered the key with 401; left out likewise.</param>
public sealed record KeyAnswer(
    bool Configured,
    DateTime? ConfiguredAt,
    DateTime? LastUsedAt,
    long MaxConcurrent,
    bool? Readable,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTime? WorksSince = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTime? RefusedAt = null);

internal sealed record KeyRequest(string? Key, long? MaxConcurrent, bool? StoreAnyway)
{
    public override string ToString() => "[key request]";
}

/// <summary>What signed-in users can see and change of their own, over JSON.</summary>
internal static class MeEndpoints
{
    public static MeAnswer Get(SignedIn me) => new(
        me.User.Id,
        me.User.Email,
        me.User.Name,
        me.User.Role,
        new SessionAnswer(me.SessionId, me.CreatedAt.UtcDateTime, me.ExpiresAt.UtcDateTime));

    /// <summary>Status only: neither the key nor a part of it is ever given out again.</summary>
    public static async Task<KeyAnswer> GetKeyAsync(SignedIn me, ProviderKeys keys, KeyVault vault, CancellationToken cancel) =>
        await keys.FindAsync(me.User.Id, AnthropicProvider.Id, cancel) is { } stored
            ? new KeyAnswer(
                true,
                stored.UpdatedAt.UtcDateTime,
                stored.LastUsedAt?.UtcDateTime,
                stored.MaxConcurrent ?? ProviderKeys.DefaultMaxConcurrent,
                vault.CanOpen(stored.SealedKey),
                stored.WorksSince?.UtcDateTime,
                stored.RefusedAt?.UtcDateTime)
            : new KeyAnswer(false, null, null, await keys.MaxConcurrentAsync(me.User.Id, cancel), null);

    public static async Task<IResult> PutKeyAsync(
        KeyRequest request, SignedIn me, Actor actor, ProviderKeys keys, KeyChange change, CancellationToken cancel)
    {
        if (request.MaxConcurrent is < 1 or > ProviderKeys.MaxMaxConcurrent)
        {
            return ManagementApi.Invalid("max_concurrent", $"It takes a whole number from 1 to {ProviderKeys.MaxMaxConcurrent}.");
        }

        var cap = (int?)request.MaxConcurrent;
        if (request.Key is null)
        {
            return cap is null ? ManagementApi.Invalid("key", "Send a key, a max_concurrent, or both.")
                : await keys.SaveMaxConcurrentAsync(me.User.Id, cap.Value, actor) ? TypedResults.NoContent()
                : ManagementApi.Invalid("key", "No key is stored yet: send one with the cap.");
        }

        return await change.StoreAsync(me, actor, request.Key, cap, request.StoreAnyway, cancel) switch
        {
            { IsRefused: true, Problem: { } refused } => ManagementApi.Invalid("key", refused, "key_refused"),
            { Problem: { } problem } => ManagementApi.Invalid("key", problem),
            _ => TypedResults.NoContent(),
        };
    }

    public static async Task<NoContent> DeleteKeyAsync(SignedIn me, Actor actor, ProviderKeys keys)
    {
        await keys.DeleteAsync(me.User.Id, AnthropicProvider.Id, actor);
        return TypedResults.NoContent();
    }

    public static async Task<IEnumerable<ListedSession>> ListSessionsAsync(SignedIn me, Sessions sessions, CancellationToken cancel) =>
        (await sessions.ListAsync(me.User.Id, cancel)).Select(session => new ListedSession(
            session.Id,
            session.Client,
            session.Address,
            session.CreatedAt.UtcDateTime,
            session.LastUsedAt.UtcDateTime,
            session.ExpiresAt.UtcDateTime,
            session.Id == me.SessionId));

    public static async Task<IResult> EndSessionAsync(string id, SignedIn me, Actor actor, Sessions sessions) =>
        await sessions.EndAsync(me.User.Id, id, AuditActions.SessionEnded, actor)
            ? TypedResults.NoContent()
            : TypedResults.Problem("You have no such session.", statusCode: StatusCodes.Status404NotFound);

    public static async Task<NoContent> EndOtherSessionsAsync(SignedIn me, Actor actor, Sessions sessions)
    {
        await sessions.EndOthersAsync(me.User.Id, me.SessionId, actor);
        return TypedResults.NoContent();
    }
}
