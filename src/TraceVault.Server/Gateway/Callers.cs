using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Keys;

namespace TraceVault.Gateway;

internal enum LookupOutcome
{
    Found,
    Unknown,
    Expired,

    /// <summary>The database is away and nothing recent enough is in memory.</summary>
    Unavailable,
}

/// <param name="Outcome">How the look-up ended.</param>
/// <param name="Caller">The caller, when the token was found.</param>
/// <param name="ExpiredAt">When the token ended, if it has expired.</param>
internal readonly record struct Lookup(LookupOutcome Outcome, CallerSnapshot? Caller = null, DateTimeOffset? ExpiredAt = null);

/// <summary>
/// Finds out who calls: looks a token up together with the user's sealed keys, and keeps the result in memory, so that a warm request does
/// not touch the database.
/// </summary>
/// <remarks>
/// A copy in memory is fresh for <see cref="Fresh"/>. After that it is read again before it serves. If that fails or takes longer than
/// <see cref="LongestRenewal"/>, the old copy serves, up to the outage grace (<see cref="ProxyOptions.OutageGrace"/>): that is how warm
/// sessions survive while the database is away. A change that <see cref="ChangeFeed"/> announces outdates the user's copies at once, and
/// breaks off the exchanges whose token the change ended.
/// </remarks>
internal sealed class Callers : IDisposable
{
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    /// <summary>How long a request waits for a renewal when there is a copy that could serve it.</summary>
    public static readonly TimeSpan LongestRenewal = TimeSpan.FromSeconds(1);

    /// <summary>For how long no request waits for the database after it failed, or took too long.</summary>
    public static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(2);

    private readonly CallerCopies _copies;
    private readonly ChangeFeed _changes;
    private readonly TimeSpan _grace;
    private readonly TimeProvider _clock;

    /// <summary>Time stamp of the last renewal that took too long; 0 while there was none.</summary>
    private long _slowAt;

    public Callers(CallerCopies copies, ChangeFeed changes, ProxyOptions options, TimeProvider clock)
    {
        (_copies, _changes, _clock) = (copies, changes, clock);
        _grace = options.OutageGrace > Fresh ? options.OutageGrace : Fresh;
        changes.Changed += Outdate;
    }

    public ValueTask<Lookup> FindAsync(PresentedToken token, CancellationToken cancel)
    {
        if (_copies.Find(token) is { IsOutdated: false } caller && _clock.GetElapsedTime(caller.LoadedAt) is var age && age < _grace)
        {
            return age < Fresh || _copies.HasJustFailed
                ? ValueTask.FromResult(Admit(caller, _clock.GetUtcNow()))
                : new ValueTask<Lookup>(RenewAsync(token, caller, cancel));
        }

        return _copies.HasJustFailed
            ? ValueTask.FromResult(new Lookup(LookupOutcome.Unavailable))
            : new ValueTask<Lookup>(LoadAsync(token, cancel));
    }

    /// <summary>Whether a renewal took too long a moment ago: then no request waits for another one.</summary>
    private bool HasJustBeenSlow => Volatile.Read(ref _slowAt) is not 0 and var slowAt && _clock.GetElapsedTime(slowAt) < RetryAfterFailure;

    /// <summary>Callers whose last use is not in the database yet.</summary>
    public IEnumerable<CallerSnapshot> Unwritten() => _copies.All.Where(caller => caller.Use.IsUnwritten);

    /// <returns>How many users could be served from memory alone if the database were away.</returns>
    public int CountServable()
    {
        var now = _clock.GetUtcNow();
        return _copies.All
            .Where(caller =>
                caller.Keys.Length > 0 && !caller.IsOutdated && _clock.GetElapsedTime(caller.LoadedAt) < _grace && now < caller.ExpiresAt)
            .DistinctBy(caller => caller.UserId)
            .Count();
    }

    /// <summary>Notes about users' keys that are not in the database yet.</summary>
    public IEnumerable<(CallerState User, KeyNote Note)> UnwrittenNotes() =>
        _copies.Users.Where(user => user.UnwrittenNote is not null).Select(user => (user, user.UnwrittenNote!));

    /// <summary>Drops the copies that nobody used for the grace time, so that only sessions in use take memory.</summary>
    public void DropIdle()
    {
        var before = _clock.GetUtcNow() - _grace;
        _copies.Drop(caller =>
            caller.Use.UsedAt < before && !caller.Use.IsUnwritten && _clock.GetElapsedTime(caller.LoadedAt) > _grace);
    }

    public void Dispose() => _changes.Changed -= Outdate;

    private static Lookup Admit(CallerSnapshot caller, DateTimeOffset now)
    {
        var expires = caller.ExpiresAt;
        if (now >= expires)
        {
            return new Lookup(LookupOutcome.Expired, ExpiredAt: expires);
        }

        caller.Use.Mark(now);
        return new Lookup(LookupOutcome.Found, caller);
    }

    /// <summary>Reads the tokens of a user's running exchanges again, and breaks off those whose token was ended.</summary>
    public void Recheck(CallerState user)
    {
        foreach (var token in user.RunningTokens())
        {
            _ = RecheckAsync(user, token);
        }
    }

    private async Task RecheckAsync(CallerState user, PresentedToken token)
    {
        while (await OutcomeOfAsync(token) is var outcome)
        {
            if (outcome is LookupOutcome.Unknown) // ended; under a token that merely expired, an exchange may run to its end
            {
                user.BreakOff(token);
            }

            if (outcome is not LookupOutcome.Unavailable || !user.RunsUnder(token))
            {
                return;
            }

            await Task.Delay(RetryAfterFailure, _clock);
        }
    }

    /// <summary>Whatever keeps us from knowing, a mistake of ours included, is a reason to look again.</summary>
    private async Task<LookupOutcome> OutcomeOfAsync(PresentedToken token)
    {
        try
        {
            return (await _copies.LoadAsync(token)).Outcome;
        }
        catch (Exception)
        {
            return LookupOutcome.Unavailable; // it was logged
        }
    }

    /// <summary>
    /// Reads the token again. The old copy serves only if nothing newer comes in time, and nothing outdates the copy meanwhile.
    /// </summary>
    private async Task<Lookup> RenewAsync(PresentedToken token, CallerSnapshot old, CancellationToken cancel)
    {
        var renewal = LoadAsync(token, cancel);
        try
        {
            if (!HasJustBeenSlow || renewal.IsCompleted)
            {
                var found = await renewal.WaitAsync(LongestRenewal, _clock, cancel);
                return found.Outcome is LookupOutcome.Unavailable && !old.IsOutdated ? Admit(old, _clock.GetUtcNow()) : found;
            }
        }
        catch (TimeoutException)
        {
            Volatile.Write(ref _slowAt, _clock.GetTimestamp());
        }
        catch (Exception problem) when (problem is not OperationCanceledException && !old.IsOutdated)
        {
            return Admit(old, _clock.GetUtcNow()); // a mistake of ours, which was logged
        }

        if (old.IsOutdated)
        {
            return await renewal;
        }

        _ = renewal.ContinueWith(static late => _ = late.Exception, TaskScheduler.Default);
        return Admit(old, _clock.GetUtcNow());
    }

    private async Task<Lookup> LoadAsync(PresentedToken token, CancellationToken cancel)
    {
        var found = await _copies.LoadAsync(token).WaitAsync(cancel);
        return found.Caller is { } caller ? Admit(caller, _clock.GetUtcNow()) : found;
    }

    private void Outdate(ChangeNotice notice)
    {
        if (notice.UserId is not { } userId)
        {
            return;
        }

        var user = _copies.Outdate(userId);
        if (notice.Kind is ChangeKind.Access or ChangeKind.Member)
        {
            Recheck(user);
        }
    }
}
