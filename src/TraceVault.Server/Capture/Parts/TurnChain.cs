namespace TraceVault.Capture.Parts;

/// <summary>
/// The exchanges of one trace that the next one may continue. The main conversation, each subagent, titles and searches are lines of their
/// own; nobody has to say which is which, because a request continues the one that it shares most with. For one thread at a time.
/// </summary>
internal sealed class TurnChain
{
    /// <summary>How many lines are followed.</summary>
    public const int MaxLines = 8;

    /// <summary>The memory of all of them, in bytes; the newest one stays whatever its length.</summary>
    public const long MaxBytes = 16 << 20;

    private readonly List<Line> _lines = []; // the newest is the last
    private long _floor;

    /// <summary>The memory that it holds, in bytes.</summary>
    public long Bytes { get; private set; }

    /// <returns>The exchange in this part whose request shares most with the new one, and what; null when there is none.</returns>
    public (Turn Turn, Common Common)? Choose(Guid part, ReadOnlySpan<byte> request)
    {
        (Turn Turn, Common Common)? best = null;
        foreach (var (turn, _) in _lines)
        {
            if (turn.Frame.Place.Part == part)
            {
                var common = Common.Of(turn.Request, request);
                best = common.Total >= (best?.Common.Total ?? 1) ? (turn, common) : best;
            }
        }

        return best;
    }

    /// <param name="turn">The newest. What is in an earlier part is forgotten: frames depend on those of their own part alone.</param>
    /// <param name="continued">What was chosen for it; null for nothing.</param>
    public void Add(Turn turn, (Turn Turn, Common Common)? continued = null)
    {
        for (var at = _lines.Count - 1; at >= 0; at--)
        {
            // Where most of the earlier request is in the new one, nothing else will continue the earlier one. But where a subagent begins
            // with the main conversation's tools, that conversation goes on.
            var earlier = _lines[at].Turn;
            var isOver = earlier == continued?.Turn && continued.Value.Common.Total >= earlier.Request.Length / 4 * 3;
            if (isOver || earlier.Frame.Place.Part != turn.Frame.Place.Part)
            {
                Remove(at);
            }
        }

        _lines.Add(new Line(turn, _floor + turn.Size));
        Bytes += turn.Size;
        while (_lines.Count > 1 && (_lines.Count > MaxLines || Bytes > MaxBytes))
        {
            DropCheapest();
        }
    }

    /// <summary>
    /// A line is worth its length, because that is what it would take to begin it anew, and less the longer nothing came of it: in a burst
    /// of small counts and searches it is those that are dropped (GreedyDual, Young 1994).
    /// </summary>
    private void DropCheapest()
    {
        var cheapest = _lines[..^1].MinBy(line => line.Worth);
        _floor = cheapest.Worth;
        Remove(_lines.IndexOf(cheapest));
    }

    private void Remove(int at)
    {
        Bytes -= _lines[at].Turn.Size;
        _lines.RemoveAt(at);
    }

    private readonly record struct Line(Turn Turn, long Worth);
}
