using TraceVault.Capture.Retention;
using TraceVault.Identity;

namespace TraceVault.Traces;

/// <summary>Erases what was said; what was used stays.</summary>
internal static class ErasureEndpoints
{
    public static async Task<IResult> EraseAsync(string id, SignedIn me, Actor actor, Erasure erasure, CancellationToken cancel) =>
        Guid.TryParseExact(id, "D", out var known) && await erasure.EraseTraceAsync(known.ToString(), me.User, actor, cancel)
            ? TypedResults.NoContent()
            : TypedResults.NotFound();

    public static async Task<IResult> EraseAllAsync(SignedIn me, Actor actor, Erasure erasure, CancellationToken cancel)
    {
        await erasure.EraseOwnAsync(me.User, actor, cancel);
        return TypedResults.NoContent();
    }
}
