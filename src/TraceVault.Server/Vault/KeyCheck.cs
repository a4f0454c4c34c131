using System.Collections.Concurrent;

namespace TraceVault.Vault;

/// <summary>Which stored keys cannot be opened: all are tried at start, later each when it is used, the unreadable ones again whenever readiness is asked for.</summary>
internal sealed partial class KeyCheck(ProviderKeys keys, KeyVault vault, ILogger<KeyCheck> log)
{
    private readonly ConcurrentDictionary<string, bool> _unreadable = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancel)
    {
        var total = 0;
        await foreach (var key in keys.AllAsync(cancel))
        {
            total++;
            if (!vault.CanOpen(key.SealedKey, key.Owner))
            {
                _unreadable[key.UserId] = true;
            }
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

    /// <summary>A key did not open when it was needed: stored by a server with another master key, or changed under our feet.</summary>
    public void Report(string userId) => _unreadable[userId] = true;

    /// <returns>How many stored keys still cannot be opened, and how many there are in all.</returns>
    public async Task<(long Unreadable, long Total)> CountUnreadableAsync(CancellationToken cancel)
    {
        foreach (var userId in _unreadable.Keys)
        {
            if (await keys.FindAsync(userId, cancel) is not { } key || vault.CanOpen(key.SealedKey, key.Owner))
            {
                _unreadable.TryRemove(userId, out _);
            }
        }

        return _unreadable.IsEmpty ? default : (_unreadable.Count, await keys.CountAsync(cancel));
    }

    [LoggerMessage(LogLevel.Information, "Stored provider keys that open: {Total} of {Total}.")]
    private partial void LogReadable(int total);

    [LoggerMessage(LogLevel.Error, "{Unreadable} of {Total} stored provider keys cannot be opened. Put the master key that sealed them back into TRACEVAULT_ENCRYPTION_KEY (every key in it opens, the first seals); until then their users get 500 key_unreadable.")]
    private partial void LogUnreadable(int unreadable, int total);
}
