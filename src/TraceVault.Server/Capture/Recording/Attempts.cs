namespace TraceVault.Capture.Recording;

/// <summary>
/// Groups the attempts of one request: a client that got no good answer sends the same body again, perhaps without asking for a stream.
/// For one thread at a time.
/// </summary>
internal sealed class Attempts
{
    /// <summary>A client that tries again does so within this time.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>How many are remembered.</summary>
    private const int Most = 1_000;

    private readonly Dictionary<(long TraceN, ulong Body), (string First, DateTimeOffset At)> _failed = [];

    /// <param name="row">An exchange, in the order in which they ended.</param>
    /// <param name="body">The hash of its body; 0 when it is not known.</param>
    /// <returns>The id of the first attempt; null when this is the first one.</returns>
    public string? FirstOf(ExchangeRow row, ulong body)
    {
        if (body == 0 || row.Kind != "message")
        {
            return null;
        }

        var first = _failed.Remove((row.TraceN, body), out var failed) && row.StartedAt - failed.At < Window ? failed.First : null;
        first = first == row.Id ? null : first; // a batch that has to be recorded again
        if (row.IsError || row.Outcome == "client_left")
        {
            _failed[(row.TraceN, body)] = (first ?? row.Id, row.StartedAt);
            ForgetOldest();
        }

        return first;
    }

    private void ForgetOldest()
    {
        if (_failed.Count > Most)
        {
            foreach (var (key, _) in _failed.OrderBy(each => each.Value.At).Take(Most / 2).ToList())
            {
                _failed.Remove(key);
            }
        }
    }
}
