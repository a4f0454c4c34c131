namespace TraceVault.Accounts;

/// <summary>
/// The one place that is told "this user changed": a session ended, a key was set or removed, a role changed. Whoever keeps something of
/// a user in memory subscribes here.
/// </summary>
/// <remarks>Told after the change is committed. Within this process the change holds from the next request on.</remarks>
internal sealed class UserChanges
{
    public event Action<string>? Changed;

    /// <summary>Makes a change and tells of it, unless the database said that there was nothing to change.</summary>
    /// <param name="userId">Who changes.</param>
    /// <param name="change">Returns how many rows it changed. Not to be cancelled: one that was committed must not go unheard because nobody waits for it.</param>
    /// <returns>Whether anything changed.</returns>
    public async Task<bool> MakeAsync(string userId, Func<Task<int>> change)
    {
        var changed = true; // a connection may break after the commit
        try
        {
            return changed = await change() > 0;
        }
        finally
        {
            if (changed)
            {
                Changed?.Invoke(userId);
            }
        }
    }
}
