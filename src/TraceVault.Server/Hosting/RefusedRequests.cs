using System.Globalization;

namespace TraceVault.Hosting;

/// <summary>
/// Logs what was refused when strangers sent it: the first request of a kind at once, the rest of that kind in one line a minute, so that
/// no flood drowns other lines.
/// </summary>
internal sealed partial class RefusedRequests(TimeProvider clock, ILogger<RefusedRequests> log) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, long> _again = [];
    private ITimer? _timer;

    /// <param name="what">
    /// What was refused and why, as a fixed sentence: with something from the request in it there would be endless kinds.
    /// </param>
    public void Count(string what)
    {
        lock (_again)
        {
            if (_again.TryGetValue(what, out var count))
            {
                _again[what] = count + 1;
                return;
            }

            _again[what] = 0;
            _timer ??= clock.CreateTimer(_ => Sum(), null, Interval, Interval);
        }

        LogFirst(what);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        Sum();
    }

    private void Sum()
    {
        var sums = new List<string>();
        lock (_again)
        {
            foreach (var (what, count) in _again.ToList())
            {
                if (count == 0)
                {
                    _again.Remove(what); // quiet for a whole interval: the next one is logged at once
                }
                else
                {
                    sums.Add($"{what} ({count.ToString("N0", CultureInfo.InvariantCulture)} times)");
                    _again[what] = 0;
                }
            }
        }

        if (sums.Count > 0)
        {
            LogSum(string.Join(' ', sums));
        }
    }

    [LoggerMessage(LogLevel.Information, "{What}")]
    private partial void LogFirst(string what);

    [LoggerMessage(LogLevel.Information, "Again within the last minute: {Sum}")]
    private partial void LogSum(string sum);
}
