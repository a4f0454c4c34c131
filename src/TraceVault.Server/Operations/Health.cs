using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Storage;
using TraceVault.Vault;

namespace TraceVault.Operations;

internal sealed record HealthAnswer(string Status, string? Reason = null);

internal static class Health
{
    /// <summary>The process lives and answers.</summary>
    public static HealthAnswer Live() => new("ok");

    /// <summary>The database answers and every stored key can be opened; 503 with the reason otherwise.</summary>
    public static async Task<JsonHttpResult<HealthAnswer>> ReadyAsync(KeyCheck keys, Database database, CancellationToken cancel)
    {
        try
        {
            await database.ProbeAsync(cancel);
            var unreadable = await keys.CountUnreadableAsync(cancel);
            return unreadable == 0
                ? TypedResults.Json(new HealthAnswer("ok"))
                : Unready($"{unreadable} stored keys cannot be opened; put the master key that sealed them back into TRACEVAULT_ENCRYPTION_KEY");
        }
        catch (Exception problem) when (Database.IsUnavailable(problem))
        {
            return Unready("the database is unavailable");
        }
    }

    private static JsonHttpResult<HealthAnswer> Unready(string reason) => TypedResults.Json(new HealthAnswer("unready", reason), statusCode: StatusCodes.Status503ServiceUnavailable);
}
