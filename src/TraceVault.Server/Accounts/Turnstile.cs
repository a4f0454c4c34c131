using TraceVault.Accounts.Passwords;

namespace TraceVault.Accounts;

/// <summary>
/// Lets one caller of each line in at a time, while the others of that line wait. When many use one link at once, all but the first find it
/// used before they cost a hash. And since <see cref="PasswordHashes"/> serves the lines in turn, a crowd from one address delays each of
/// the others by one hash.
/// </summary>
internal sealed class Turnstile
{
    /// <summary>How many may wait in one line, which colleagues at one address share, and how many in all.</summary>
    public const int MaxPerLine = 64, MaxInAll = 1024;

    /// <summary>How long to wait after being turned away.</summary>
    public static readonly TimeSpan ComeAgain = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);
    private int _inAll;

    /// <returns>The turn, which ends when it is disposed; null when too many are already waiting.</returns>
    public async Task<IDisposable?> EnterAsync(string name, CancellationToken cancel)
    {
        Line line;
        lock (_lines)
        {
            line = _lines.GetValueOrDefault(name) ?? new Line();
            if (line.Count >= MaxPerLine || _inAll >= MaxInAll)
            {
                return null;
            }

            _lines[name] = line;
            line.Count++;
            _inAll++;
        }

        try
        {
            await line.First.WaitAsync(cancel);
            return new Turn(this, name, line);
        }
        catch
        {
            Leave(name, line);
            throw;
        }
    }

    private void Leave(string name, Line line)
    {
        lock (_lines)
        {
            _inAll--;
            if (--line.Count == 0)
            {
                _lines.Remove(name);
                line.First.Dispose();
            }
        }
    }

    private sealed class Line
    {
        public SemaphoreSlim First { get; } = new(1);

        public int Count { get; set; }
    }

    private sealed class Turn(Turnstile turnstile, string name, Line line) : IDisposable
    {
        private bool _over;

        public void Dispose()
        {
            if (!_over)
            {
                _over = true;
                line.First.Release();
                turnstile.Leave(name, line);
            }
        }
    }
}
