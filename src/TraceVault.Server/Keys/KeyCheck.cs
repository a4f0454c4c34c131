using System.Collections.Concurrent;

namespace TraceVault.Keys;

/// <summary>
/// Knows which stored keys cannot be opened: all are tried at the start, later each one when it is used, and the unreadable ones again
/// whenever readiness is asked for. At the start it also replaces the seals of version 0.1.0.
/// </summary>
internal sealed partial class KeyCheck(ProviderKeys keys, KeyVault vault, ILogger<KeyCheck> log)
{
    /// <summary>
    /// How many keys are read at once, and how many seals are replaced in one transaction. If the start is broken off, the next
    /// start replaces the rest.
    /// </summary>
    private const int AtOnce = 200;

    private readonly ConcurrentDictionary<string, bool> _unreadable = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancel)
    {
        var (total, resealed) = (0, 0);
        var last = "";
        while (await keys.ListAsync(last, AtOnce, cancel) is { Count: > 0 } some)
        {
            (total, last) = (total + some.Count, some[^1].Id);
            resealed += await ResealAsync([.. some.Where(Opens).Where(key => key.Binding == KeyVault.FirstBinding)], cancel);
        }

        if (resealed > 0)
        {
            LogResealed(resealed);
        }

        if (_unreadable.IsEmpty)
        {
            LogReadable(total);
        }
        else
        {
            LogUnreadable(_unreadable.Count, total);
        }
    }

    /// <summary>
    /// Reports a key that did not open when it was needed: it was stored by a server with another master key, or changed in the database.
    /// </summary>
    /// <param name="id">The id of the key's row.</param>
    public void Report(string id) => _unreadable[id] = true;

    /// <returns>How many stored keys still cannot be opened, and how many there are in all.</returns>
    public async Task<(long Unreadable, long Total)> CountUnreadableAsync(CancellationToken cancel)
    {
        foreach (var id in _unreadable.Keys)
        {
            if (await keys.FindAsync(id, cancel) is not { } key || vault.CanOpen(key.SealedKey))
            {
                _unreadable.TryRemove(id, out _);
            }
        }

        return _unreadable.IsEmpty ? default : (_unreadable.Count, await keys.CountAsync(cancel));
    }

    /// <summary>
    /// Binds the keys that version 0.1.0 sealed to owner, provider and row. Until a row is written, its old seal stays and still opens.
    /// </summary>
    /// <returns>How many.</returns>
    private async Task<int> ResealAsync(List<SealedKey> old, CancellationToken cancel)
    {
        if (old.Count > 0)
        {
            await keys.ResealAsync(old.Select(key => (key, vault.Seal(vault.Open(key), key.Id, key.Owner, key.Provider))), cancel);
        }

        return old.Count;
    }

    private bool Opens(SealedKey key)
    {
        if (vault.CanOpen(key))
        {
            return true;
        }

        _unreadable[key.Id] = true;
        return false;
    }

    [LoggerMessage(LogLevel.Information, "Stored provider keys sealed anew, each bound to its owner and row: {Count}.")]
    private partial void LogResealed(int count);

    [LoggerMessage(LogLevel.Information, "Stored provider keys that open: {Total} of {Total}.")]
    private partial void LogReadable(int total);

    [LoggerMessage(LogLevel.Error,
        "{Unreadable} of {Total} stored provider keys cannot be opened. Put the master key that sealed them back into "
        + "TRACEVAULT_ENCRYPTION_KEY (every key in it decrypts, the first one encrypts); until then their users get 500 key_unreadable.")]
    private partial void LogUnreadable(int unreadable, int total);
}
