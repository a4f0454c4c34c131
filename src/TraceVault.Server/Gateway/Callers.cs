using System.Collections.Concurrent;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Keys;
using TraceVault.Storage;

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
internal sealed partial class Callers : IDisposable
{
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    /// <summary>How long a request waits for a renewal when there is a copy that could serve it.</summary>
    public static readonly TimeSpan LongestRenewal = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<PresentedToken, CallerSnapshot> _warm = new();
    private readonly ConcurrentDictionary<PresentedToken, Task<Lookup>> _loading = new();
    private readonly ConcurrentDictionary<string, CallerState> _users = new(StringComparer.Ordinal);
    private readonly CallerRows _rows;
    private readonly Outage _outage;
    private readonly ChangeFeed _changes;
    private readonly TimeSpan _grace;
    private readonly TimeProvider _clock;
    private readonly int _upstreams;
    private readonly ILogger<Callers> _log;
    private long _changeCount;

    /// <summary>Time stamp of the last query if it failed; 0 while the database answers.</summary>
    private long _failedAt;

    /// <summary>Time stamp of the last renewal that took too long; 0 while there was none.</summary>
    private long _slowAt;

    public Callers(Database database, Outage outage, ChangeFeed changes, Upstreams upstreams, ProxyOptions options, TimeProvider clock,
        ILogger<Callers> log)
    {
        (_rows, _outage, _changes, _upstreams, _clock, _log) = (
            new CallerRows(database), outage, changes, upstreams.Routes.Length, clock, log);
        _grace = options.OutageGrace > Fresh ? options.OutageGrace : Fresh;
        changes.Changed += Outdate;
    }

    public ValueTask<Lookup> FindAsync(PresentedToken token, CancellationToken cancel)
    {
        if (_warm.TryGetValue(token, out var caller) && !caller.IsOutdated && _clock.GetElapsedTime(caller.LoadedAt) is var age
            && age < _grace)
        {
            return age < Fresh || HasJustFailed || HasJustBeenSlow
                ? ValueTask.FromResult(Admit(caller, _clock.GetUtcNow()))
                : new ValueTask<Lookup>(RenewAsync(token, caller, cancel));
        }

        return HasJustFailed ? ValueTask.FromResult(new Lookup(LookupOutcome.Unavailable)) : new ValueTask<Lookup>(
            LoadAsync(token, cancel));
    }

    /// <summary>Whether a query failed a moment ago: then no request waits until another one times out.</summary>
    private bool HasJustFailed =>
        Volatile.Read(ref _failedAt) is not 0 and var failedAt && _clock.GetElapsedTime(failedAt) < RetryAfterFailure;

    private bool HasJustBeenSlow => Volatile.Read(ref _slowAt) is not 0 and var slowAt && _clock.GetElapsedTime(slowAt) < RetryAfterFailure;

    /// <summary>Callers whose last use is not in the database yet.</summary>
    public IEnumerable<CallerSnapshot> Unwritten() => _warm.Values.Where(caller => caller.Use.IsUnwritten);

    /// <returns>How many users could be served from memory alone if the database were away.</returns>
    public int CountServable()
    {
        var now = _clock.GetUtcNow();
        return _warm.Values
            .Where(caller =>
                caller.Keys.Length > 0 && !caller.IsOutdated && _clock.GetElapsedTime(caller.LoadedAt) < _grace && now < caller.ExpiresAt)
            .DistinctBy(caller => caller.UserId)
            .Count();
    }

    /// <summary>Notes about users' keys that are not in the database yet.</summary>
    public IEnumerable<(CallerState User, KeyNote Note)> UnwrittenNotes() =>
        _users.Values.Where(user => user.UnwrittenNote is not null).Select(user => (user, user.UnwrittenNote!));

    /// <summary>Drops the copies that nobody used for the grace time, so that only sessions in use take memory.</summary>
    public void DropIdle()
    {
        var before = _clock.GetUtcNow() - _grace;
        foreach (var (token, caller) in _warm)
        {
            if (caller.Use.UsedAt < before && !caller.Use.IsUnwritten && _clock.GetElapsedTime(caller.LoadedAt) > _grace)
            {
                _warm.TryRemove(KeyValuePair.Create(token, caller));
            }
        }
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
        try
        {
            while (true)
            {
                switch ((await LoadCurrentAsync(token)).Outcome)
                {
                    case LookupOutcome.Unavailable when user.RunsUnder(token):
                        await Task.Delay(RetryAfterFailure, _clock);
                        break;
                    case LookupOutcome.Unknown: // ended; under a token that merely expired, an exchange may run to its end
                        user.BreakOff(token);
                        return;
                    default:
                        return;
                }
            }
        }
        catch (Exception problem)
        {
            LogMistake(problem); // nobody awaits this task
        }
    }

    /// <summary>Reads the token again. The old copy serves only if nothing newer comes in time.</summary>
    private async Task<Lookup> RenewAsync(PresentedToken token, CallerSnapshot old, CancellationToken cancel)
    {
        var renewal = LoadAsync(token, cancel);
        try
        {
            var found = await renewal.WaitAsync(LongestRenewal, _clock, cancel);
            return found.Outcome is LookupOutcome.Unavailable ? Admit(old, _clock.GetUtcNow()) : found;
        }
        catch (TimeoutException)
        {
            _ = renewal.ContinueWith(static late => _ = late.Exception, TaskScheduler.Default);
            Volatile.Write(ref _slowAt, _clock.GetTimestamp()); // so that the next requests do not wait, too
            return Admit(old, _clock.GetUtcNow());
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            return Admit(old, _clock.GetUtcNow()); // a mistake of ours, which was logged
        }
    }

    private async Task<Lookup> LoadAsync(PresentedToken token, CancellationToken cancel)
    {
        var found = await LoadCurrentAsync(token).WaitAsync(cancel);
        return found.Caller is { } caller ? Admit(caller, _clock.GetUtcNow()) : found;
    }

    private async Task<Lookup> LoadCurrentAsync(PresentedToken token)
    {
        while (true)
        {
            var found = await LoadOnceAsync(token);
            if (found.Caller is not { IsOutdated: true })
            {
                return found;
            }
        }
    }

    /// <summary>Requests with the same token that arrive together share one query, which none of them can cancel.</summary>
    private Task<Lookup> LoadOnceAsync(PresentedToken token)
    {
        if (_loading.TryGetValue(token, out var running))
        {
            return running;
        }

        // The task is not started yet: of two requests that come at once, one starts it and both wait for it.
        var load = new Task<Task<Lookup>>(() => QueryAsync(token));
        var task = load.Unwrap();
        var winner = _loading.GetOrAdd(token, task);
        if (ReferenceEquals(winner, task))
        {
            load.Start(TaskScheduler.Default);
        }

        return winner;
    }

    private async Task<Lookup> QueryAsync(PresentedToken token)
    {
        try
        {
            var found = await QueryConsistentlyAsync(token);
            Volatile.Write(ref _failedAt, 0);
            return found;
        }
        catch (Exception problem) when (_outage.Caused(problem))
        {
            Volatile.Write(ref _failedAt, _clock.GetTimestamp());
            return new Lookup(LookupOutcome.Unavailable);
        }
        catch (Exception problem)
        {
            LogMistake(problem); // here, because nobody may be waiting for a renewal any more
            throw;
        }
        finally
        {
            _loading.TryRemove(token, out _);
        }
    }

    /// <summary>
    /// Reads again if the user changed meanwhile, because the rows may be from before the change. Only the first reading tells which user
    /// it is; during it, a change of any user counts.
    /// </summary>
    private async Task<Lookup> QueryConsistentlyAsync(PresentedToken token)
    {
        CallerState? user = null;
        while (true)
        {
            var (changesBefore, versionBefore) = (Volatile.Read(ref _changeCount), user?.Version);
            if (await _rows.ReadAsync(token) is not [var row, ..] rows)
            {
                _warm.TryRemove(token, out _);
                return new Lookup(LookupOutcome.Unknown);
            }

            user = _users.GetOrAdd(row.UserId, _ => new CallerState(_upstreams));
            var version = user.Version;
            if (versionBefore != version && (versionBefore is not null || Volatile.Read(ref _changeCount) != changesBefore))
            {
                continue;
            }

            var caller = ToCaller(token.Kind, rows, user, version, _warm.TryGetValue(token, out var earlier) ? earlier.Use : null);
            if (_clock.GetUtcNow() >= caller.ExpiresAt)
            {
                _warm.TryRemove(token, out _);
                return new Lookup(LookupOutcome.Expired, ExpiredAt: caller.ExpiresAt);
            }

            _warm[token] = caller;
            return new Lookup(LookupOutcome.Found, caller);
        }
    }

    private CallerSnapshot ToCaller(TokenKind kind, List<CallerRow> rows, CallerState user, long version, TokenUse? use)
    {
        var row = rows[0];
        var stored = row.LastUsedAt ?? row.CreatedAt;
        return new(
            kind,
            row.Id,
            row.UserId,
            row.CreatedAt,
            row.ExpiresAt is { } expires ? Sessions.EndOf(expires, row.ReplacedUntil) : DateTimeOffset.MaxValue,
            stored,
            row.ReplacedUntil is not null,
            [.. rows.Select(each => each.Key).OfType<SealedKey>()],
            (int)(row.MaxConcurrent ?? ProviderKeys.DefaultMaxConcurrent),
            _clock.GetTimestamp(),
            user,
            version,
            use ?? new TokenUse(stored));
    }

    /// <summary>Raises the counter first, then the user's version: a query in between sees one of the two.</summary>
    private void Outdate(ChangeNotice notice)
    {
        if (notice.UserId is not { } userId)
        {
            return;
        }

        Interlocked.Increment(ref _changeCount);
        var user = _users.GetOrAdd(userId, _ => new CallerState(_upstreams));
        user.Changed();
        if (notice.Kind is ChangeKind.Access or ChangeKind.Member)
        {
            Recheck(user);
        }
    }

    [LoggerMessage(LogLevel.Error, "A session could not be read.")]
    private partial void LogMistake(Exception problem);
}
