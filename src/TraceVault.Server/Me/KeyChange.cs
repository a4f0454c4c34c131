using TraceVault.Changes;
using TraceVault.Gateway;
using TraceVault.Identity;
using TraceVault.Keys;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Me;

/// <param name="Problem">Why nothing was stored, as a sentence; null when it was.</param>
/// <param name="IsRefused">Whether it was Anthropic that refused the key; its owner may want to store it all the same.</param>
/// <param name="Test">The result of trying the key at Anthropic; null when it was not tried.</param>
internal sealed record KeyResult(string? Problem = null, bool IsRefused = false, TestResult? Test = null);

/// <summary>
/// Stores a user's key, for both the API and the page, unless it is not a key or Anthropic does not know it. Decision 20 says why.
/// </summary>
internal sealed class KeyChange(ProviderKeys keys, AnthropicProvider provider, TestRequest test, AuditLog audit)
{
    /// <param name="text">The key as typed.</param>
    /// <param name="maxConcurrent">Null keeps the cap; for a first key it means the default.</param>
    /// <param name="anyway">True: Anthropic is not asked. False: it is. Null: it is asked if a stored key would be lost.</param>
    public async Task<KeyResult> StoreAsync(
        SignedIn me, Actor actor, string? text, int? maxConcurrent, bool? anyway, CancellationToken cancel)
    {
        if (!ProviderKey.TryParse(text, provider.KeyProblem, out var key, out var problem))
        {
            return new KeyResult(problem);
        }

        TestResult? tested = null;
        if (!(anyway ?? await keys.FindAsync(me.User.Id, AnthropicProvider.Id, cancel) is null))
        {
            await audit.RequireRoomAsync(AuditActions.KeySet, actor, cancel);
            tested = await test.TryAsync(key, provider, cancel);
            if (tested.IsRefused)
            {
                var failed = AuditEvent.Own(AuditActions.KeySet, actor, provider.Name) with { Outcome = AuditOutcome.Failed };
                await audit.AppendFailureAsync(failed, isLast: false, cancel);
                var said = tested.Said is { } words ? $", “{words}”" : "";
                return new KeyResult($"Anthropic does not know this key: it answered 401{said}. Nothing was changed.", IsRefused: true);
            }
        }

        await keys.SaveAsync(
            me.User.Id, AnthropicProvider.Id, me.SessionId, key, maxConcurrent, isKnownToWork: tested is { IsGood: true }, actor);
        return new KeyResult(Test: tested);
    }
}
