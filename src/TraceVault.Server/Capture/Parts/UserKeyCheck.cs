namespace TraceVault.Capture.Parts;

/// <summary>
/// Seals the users' keys anew when the server starts with another master key in force. The keys of their traces, of which there may be a
/// thousand times as many, and the parts stay as they are.
/// </summary>
internal sealed partial class UserKeyCheck(TraceKeys keys, CaptureVault vault, ILogger<UserKeyCheck> log)
{
    /// <summary>How many are sealed in one transaction. A start that gets no further is continued by the next one.</summary>
    private const int AtOnce = 200;

    public async Task RunAsync(CancellationToken cancel)
    {
        var (last, resealed, unreadable) = ("", 0, 0);
        while (await keys.ListOldAsync(last, AtOnce, cancel) is { Count: > 0 } some)
        {
            var anew = some.Select(key => (Before: key, After: vault.Reseal(key))).Where(key => key.After is not null)
                .Select(key => (key.Before, key.After!)).ToList();
            await keys.ReplaceAsync(anew, cancel);
            (last, resealed, unreadable) = (some[^1].UserId, resealed + anew.Count, unreadable + some.Count - anew.Count);
        }

        if (resealed > 0)
        {
            LogResealed(resealed, vault.SealingId);
        }

        if (unreadable > 0)
        {
            LogUnreadable(unreadable);
        }
    }

    [LoggerMessage(LogLevel.Information, "Keys of recorded traces sealed anew under the master key {KeyId}, one for each user: {Count}.")]
    private partial void LogResealed(int count, string keyId);

    [LoggerMessage(LogLevel.Error,
        "The recorded traces of {Count} users cannot be read. Put the master key that sealed their keys back into "
        + "TRACEVAULT_ENCRYPTION_KEY (every key in it decrypts, the first one encrypts).")]
    private partial void LogUnreadable(int count);
}
