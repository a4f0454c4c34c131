namespace TraceVault.Capture.Reading.Answers;

/// <summary>
/// Takes an event stream apart (https://html.spec.whatwg.org/multipage/server-sent-events.html, without lines that end in a bare carriage
/// return) and hands on the data of those events that say something about the answer, and of events without a name.
/// </summary>
/// <param name="take">Takes the data of one event.</param>
internal sealed class EventLines(Action<HeldBytes> take) : IDisposable
{
    /// <summary>The largest event that is read, in bytes; of a larger one nothing is.</summary>
    public const int MaxEvent = 16 << 20;

    private readonly HeldBytes _line = new(MaxEvent), _data = new(MaxEvent);
    private Interest _interest;
    private bool _isDroppingLine, _isBehindFirstLine, _hasData;

    /// <summary>What is known of the event that is being read.</summary>
    private enum Interest
    {
        Unnamed,
        Wanted,
        Skipped,
    }

    public void Push(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf((byte)'\n') is var end and >= 0)
        {
            TakeLine(bytes[..end]);
            bytes = bytes[(end + 1)..];
        }

        Hold(bytes);
    }

    /// <summary>Takes what is there as if an empty line followed: some servers leave it out at the end.</summary>
    public void End()
    {
        if (_line.Length > 0)
        {
            TakeLine([]);
        }

        EndEvent();
    }

    public void Dispose()
    {
        _line.Dispose();
        _data.Dispose();
    }

    /// <summary>
    /// Keeps the beginning of a line. Where the line does not count, one byte of it is enough: it tells an empty line from others, also
    /// when a carriage return came alone.
    /// </summary>
    private void Hold(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || _isDroppingLine)
        {
            return;
        }

        if ((_interest == Interest.Skipped && _line.Length + bytes.Length > 1) || !_line.Append(bytes))
        {
            DropLine();
        }
    }

    /// <summary>The line does not count; too long a one takes its event with it.</summary>
    private void DropLine()
    {
        _line.Clear();
        _isDroppingLine = true;
        Skip();
    }

    private void Skip()
    {
        _interest = Interest.Skipped;
        _data.Clear();
    }

    private void TakeLine(ReadOnlySpan<byte> end)
    {
        if (_isDroppingLine)
        {
            _isDroppingLine = false;
            return;
        }

        if (_line.Length == 0)
        {
            TakeWhole(end);
            return;
        }

        if (_line.Append(end))
        {
            TakeWhole(_line.Bytes);
        }
        else
        {
            Skip();
        }

        _line.Clear();
    }

    private void TakeWhole(ReadOnlySpan<byte> line)
    {
        if (!_isBehindFirstLine)
        {
            _isBehindFirstLine = true;
            line = line.StartsWith("\uFEFF"u8) ? line[3..] : line;
        }

        if (line.EndsWith("\r"u8))
        {
            line = line[..^1];
        }

        if (line.IsEmpty)
        {
            EndEvent();
        }
        else if (_interest != Interest.Skipped && Field(line, "data"u8, out var data))
        {
            AddData(data);
        }
        else if (Field(line, "event"u8, out var name))
        {
            TakeName(name);
        }
    }

    private static bool Field(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!line.StartsWith(name) || (line.Length > name.Length && line[name.Length] != ':'))
        {
            return false;
        }

        value = line.Length > name.Length ? line[(name.Length + 1)..] : default;
        value = value.StartsWith(" "u8) ? value[1..] : value;
        return true;
    }

    private void TakeName(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("message_start"u8) || name.SequenceEqual("message_delta"u8)
            || name.SequenceEqual("message_stop"u8) || name.SequenceEqual("error"u8))
        {
            _interest = Interest.Wanted;
        }
        else
        {
            Skip();
        }
    }

    private void AddData(ReadOnlySpan<byte> data)
    {
        if ((_hasData && !_data.Append("\n"u8)) || !_data.Append(data))
        {
            Skip();
        }

        _hasData = true;
    }

    private void EndEvent()
    {
        if (_data.Length > 0)
        {
            take(_data);
            _data.Clear();
        }

        (_interest, _hasData) = (Interest.Unnamed, false);
    }
}
