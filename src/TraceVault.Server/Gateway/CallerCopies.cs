using System.Collections.Concurrent;
using TraceVault.Accounts;
using TraceVault.Keys;
using TraceVault.Storage;

namespace TraceVault.Gateway;

/// <summary>Reads who calls from the database, and keeps a copy of each caller until somebody drops it.</summary>
internal sealed partial class CallerCopies(
    Database database, Outage outage, Upstreams upstreams, TimeProvider clock, ILogger<CallerCopies> log)
{
    private readonly ConcurrentDictionary<PresentedToken, CallerSnapshot> _copies = new();
    private readonly ConcurrentDictionary<PresentedToken, Task<Lookup>> _loading = new();
    private readonly ConcurrentDictionary<string, CallerState> _users = new(StringComparer.Ordinal);
    private readonly CallerRows _rows = new(database);
    private readonly ILogger _log = log;
    private long _changeCount;

    /// <summary>Time stamp of the last query if it failed; 0 while the database answers.</summary>
    private long _failedAt;

    /// <summary>Whether a query failed a moment ago: then no request waits until another one times out.</summary>
    public bool HasJustFailed =>
        Volatile.Read(ref _failedAt) is not 0 and var failedAt && clock.GetElapsedTime(failedAt) < Callers.RetryAfterFailure;

    public ICollection<CallerSnapshot> All => _copies.Values;

    public ICollection<CallerState> Users => _users.Values;

    public CallerSnapshot? Find(PresentedToken token) => _copies.GetValueOrDefault(token);

    /// <summary>Drops the copies for which this holds.</summary>
    public void Drop(Func<CallerSnapshot, bool> condition)
    {
        foreach (var copy in _copies.Where(copy => condition(copy.Value)))
        {
            _copies.TryRemove(copy);
        }
    }

    /// <summary>Takes all copies of a user out of use.</summary>
    /// <remarks>Raises the counter first, then the user's version: a query in between sees one of the two.</remarks>
    public CallerState Outdate(string userId)
    {
        Interlocked.Increment(ref _changeCount);
        var user = StateOf(userId);
        user.Changed();
        return user;
    }

    /// <summary>Reads the token, again and again until no change has outdated what was read.</summary>
    public async Task<Lookup> LoadAsync(PresentedToken token)
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
        catch (Exception problem) when (outage.Caused(problem))
        {
            Volatile.Write(ref _failedAt, clock.GetTimestamp());
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
                _copies.TryRemove(token, out _);
                return new Lookup(LookupOutcome.Unknown);
            }

            user = StateOf(row.UserId);
            var version = user.Version;
            if (versionBefore != version && (versionBefore is not null || Volatile.Read(ref _changeCount) != changesBefore))
            {
                continue;
            }

            var caller = ToCaller(token.Kind, rows, user, version, _copies.TryGetValue(token, out var earlier) ? earlier.Use : null);
            if (clock.GetUtcNow() >= caller.ExpiresAt)
            {
                _copies.TryRemove(token, out _);
                return new Lookup(LookupOutcome.Expired, ExpiredAt: caller.ExpiresAt);
            }

            _copies[token] = caller;
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
            clock.GetTimestamp(),
            user,
            version,
            use ?? new TokenUse(stored));
    }

    private CallerState StateOf(string userId) => _users.GetOrAdd(userId, _ => new CallerState(upstreams.Routes.Length));

    [LoggerMessage(LogLevel.Error, "A session could not be read.")]
    private partial void LogMistake(Exception problem);
}
