using TraceVault.Changes;

namespace TraceVault.Capture.Policies;

/// <summary>What is in force for whom, in memory: a request asks without a lock, a query or an allocation.</summary>
/// <remarks>
/// A change of this process is in force when whoever made it gets their answer; one of another server as soon as <see cref="PolicyWatch"/>
/// has seen it. While the database is away, what was read last stays in force.
/// </remarks>
internal sealed class CapturePolicies : IDisposable
{
    private readonly PolicyRows _rows;
    private readonly ChangeFeed _changes;

    /// <summary>One reads at a time, so that an older read never replaces a newer one.</summary>
    private readonly SemaphoreSlim _turn = new(1);

    private volatile PolicySnapshot _now = PolicySnapshot.Unknown;
    private volatile Task _renewal = Task.CompletedTask;

    public CapturePolicies(PolicyRows rows, ChangeFeed changes)
    {
        (_rows, _changes) = (rows, changes);
        changes.Changed += Hear;
    }

    /// <summary>What is in force; for several questions that belong together.</summary>
    public PolicySnapshot Now => _now;

    /// <summary>Done when the last change that this process was told of is in force, or could not be read.</summary>
    public Task Settled => _renewal;

    /// <summary>What is kept of a request of this user that begins now.</summary>
    public CaptureMode ModeOf(string userId) => _now.ModeOf(userId);

    /// <exception cref="Exception">The database does not answer: what was in force stays so.</exception>
    public async Task RenewAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            _now = await _rows.ReadAsync(cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc cref="RenewAsync"/>
    public async Task RenewIfChangedAsync(CancellationToken cancel)
    {
        if (await _rows.VersionAsync(cancel) != _now.Version)
        {
            await RenewAsync(cancel);
        }
    }

    public void Dispose()
    {
        _changes.Changed -= Hear;
        _turn.Dispose();
    }

    private void Hear(ChangeNotice notice)
    {
        if (notice.Kind is ChangeKind.Capture or ChangeKind.Member) // with a member, their choice is removed
        {
            _renewal = TryRenewAsync();
        }
    }

    private async Task TryRenewAsync()
    {
        try
        {
            await RenewAsync(CancellationToken.None);
        }
        catch (Exception)
        {
            // The change is made, whatever keeps us from reading it. The watch tries again, and says what is wrong.
        }
    }
}
