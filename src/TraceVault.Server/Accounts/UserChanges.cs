namespace TraceVault.Accounts;

/// <summary>
/// The one place that is told "this user changed": a session ended, a key was set or removed, a role changed. Whoever keeps something of
/// a user in memory subscribes here.
/// </summary>
/// <remarks>Told after the change is committed. Within this process the change holds from the next request on.</remarks>
internal sealed class UserChanges
{
    public event Action<string>? Changed;

    public void Announce(string userId) => Changed?.Invoke(userId);
}
